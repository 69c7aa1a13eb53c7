"""The tools of notes."""

from harness import tool

__all__ = ["count_words"]


@tool(effect="read", inline=True)
def count_words(text: str) -> int:
    """Count the words of a text."""
    return len(text.split())
