"""Forget a run and its family."""
