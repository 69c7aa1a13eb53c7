"""Commands that list and undo the effects of a run."""
