"""Notes: a capability that adds one of everything. Empty, so that its record costs nothing."""
