"""Limits of one call in a child."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    seconds: float
    memory_mb: int
    """Address space of the whole child; the interpreter itself takes about 40."""
    answer_mb: int = 8
