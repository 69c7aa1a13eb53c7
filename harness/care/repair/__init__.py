"""Repair: the agent that works on tickets, and the changes that it makes."""
