"""What the scripts in starter/ share, and the demo that `make run` starts."""
