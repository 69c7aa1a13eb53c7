"""Who did what to services under care, read from lists and checked against sealed histories."""
