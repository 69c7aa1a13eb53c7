"""Tickets: one for each cause, and what becomes of it."""
