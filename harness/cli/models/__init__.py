"""The command that lists models."""
