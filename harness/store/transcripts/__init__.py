"""Transcripts: a chain of nodes, cached, written behind the answers."""
