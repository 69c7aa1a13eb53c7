"""Tools that query and change tables."""
