"""Times in queries."""

from __future__ import annotations


def read_time(value: object) -> object:
    """Refuse a number: it would be taken for seconds since the epoch, or for milliseconds if it is
    large."""
    if isinstance(value, str) and "-" not in value[1:]:
        raise ValueError("is not a time, such as 2030-01-31T12:00:00Z")
    return value
