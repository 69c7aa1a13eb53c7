"""What the HTTP routes of all capabilities share."""
