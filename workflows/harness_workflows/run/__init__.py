"""The workflow of one run."""
