"""The workflows of care."""
