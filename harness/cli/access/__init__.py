"""Commands for users and API tokens."""
