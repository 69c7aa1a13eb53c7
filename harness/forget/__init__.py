"""Forget what a run and its family said."""
