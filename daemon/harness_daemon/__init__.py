"""The HTTP process: its app reads the capabilities' records, its gate checks who calls."""
