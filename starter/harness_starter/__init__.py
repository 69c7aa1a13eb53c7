"""Shared code of the scripts in starter/, and the demo that `make run` starts."""
