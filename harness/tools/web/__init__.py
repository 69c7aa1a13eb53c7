"""Tools that make HTTP requests."""
