"""The command of memory."""
