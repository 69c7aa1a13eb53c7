"""What the tables of policies hold."""

from __future__ import annotations

from typing import NamedTuple


class Pin(NamedTuple):
    """Which policy holds for a run from some time on."""

    number: int
    digest: str
    by: str | None
    at: float
    """Seconds since the epoch."""


class Remembered(NamedTuple):
    """An approval that also allows later calls."""

    id: str
    scope: str
    """The session, or the run if it has none, within its namespace."""
    session: str | None
    owner: str | None
    tool: str
    names: list[str]
    """The arguments that have to be equal."""
    digest: str
    """Of their values."""
    rule: str
    policy: str
    by: str | None
    run: str
    call: str
    """The call that was approved."""
    at: float
    """Seconds since the epoch."""
