"""Commands for the local stack, its copies and its settings."""
