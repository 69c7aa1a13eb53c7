"""Copy a local stack to a file and restore it."""
