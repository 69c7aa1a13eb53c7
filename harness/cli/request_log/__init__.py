"""The commands of the request log."""
