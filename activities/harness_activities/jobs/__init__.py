"""Functions for child processes: pure, for input that may be hostile. They import only the
standard library and what they absolutely need."""
