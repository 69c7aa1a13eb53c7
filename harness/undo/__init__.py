"""Effects of a run, and their undo."""
