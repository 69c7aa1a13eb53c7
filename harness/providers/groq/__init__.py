"""Groq: Chat Completions, through its SDK."""
