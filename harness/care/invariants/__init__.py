"""Invariants: conditions that must hold, and whether they do."""
