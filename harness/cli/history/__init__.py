"""Commands that read, compare and export what happened in a run."""
