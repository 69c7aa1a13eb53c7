"""What runs in child processes: pure functions over input that may be hostile. They import only the
standard library and what they cannot do without."""
