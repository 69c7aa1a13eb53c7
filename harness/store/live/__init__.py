"""Live output: text on its way from a worker to its readers, and word of aborts."""
