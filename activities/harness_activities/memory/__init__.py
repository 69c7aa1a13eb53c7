"""Memory of runs: what its tools do, recall at the start, extraction at the end."""
