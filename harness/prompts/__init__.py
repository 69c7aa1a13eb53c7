"""Prompt templates: named, versioned texts with typed variables."""
