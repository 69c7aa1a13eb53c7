"""The activities of care."""
