"""Live output: text streamed from a worker to its readers, and notices of aborts."""
