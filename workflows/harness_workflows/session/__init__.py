"""The workflow of one conversation's inbox."""
