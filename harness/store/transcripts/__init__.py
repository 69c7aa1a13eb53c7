"""Transcripts: a chain of nodes, cached, and written in the background."""
