"""Wait for the end of a child run that another history of its caller started."""

from __future__ import annotations

from harness.contracts.base import Word
from harness.contracts.run import RunEnd


class AwaitChild(Word):
    """Input of the `await_child` activity."""

    run: str
    """The child."""


class AwaitedChild(Word):
    """What the `await_child` activity found."""

    end: RunEnd | None = None
    """Absent: the child is still open."""
