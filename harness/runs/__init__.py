"""Start runs and decide what they wait for."""
