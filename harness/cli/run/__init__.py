"""Commands that start, serve, follow and steer runs."""
