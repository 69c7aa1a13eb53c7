"""A log of the requests to model providers and their answers, separate from the runs' history."""
