"""Seal ended runs, verify them, and move them in and out of the archive."""
