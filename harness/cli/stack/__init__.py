"""Commands for the local stack, workers, settings, trust and keys."""
