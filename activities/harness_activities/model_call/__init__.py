"""The activity that asks a model, and all it needs."""
