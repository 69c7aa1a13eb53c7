"""What the HTTP routes of all capabilities share: callers, ownership, problems and streams."""
