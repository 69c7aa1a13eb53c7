"""The activity that runs a tool call, and all it needs."""
