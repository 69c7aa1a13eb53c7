"""Runbooks: what a team has written down of what to do, and what an agent adds to it."""
