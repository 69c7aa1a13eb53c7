"""Temporal's own web page, served by the daemon behind its sign-in, with content decoded."""
