"""Users, their API tokens and their browser sessions."""
