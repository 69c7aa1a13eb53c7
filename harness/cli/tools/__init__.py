"""The command that lists tools."""
