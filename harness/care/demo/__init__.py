"""A service under care to try everything with, its traffic, and faults."""
