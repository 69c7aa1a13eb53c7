"""Commands that copy the local stack and restore a copy."""
