"""Commands that start, follow, list, show and steer runs."""
