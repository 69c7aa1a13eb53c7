"""Serves the built web page: its document under every path that is nobody else's, and its files."""
