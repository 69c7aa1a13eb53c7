"""Runs and what-ifs as a person reads them on a terminal."""
