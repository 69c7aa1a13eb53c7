"""Writes texts into queries in Temporal's language."""

from __future__ import annotations


def quote_value(text: str) -> str:
    """A text as a literal of the query language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
