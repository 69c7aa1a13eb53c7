"""Mistral: Chat Completions with rules of its own."""
