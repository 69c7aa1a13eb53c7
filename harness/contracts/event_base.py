"""What all events have, and where they stand in history."""

from __future__ import annotations

from harness.contracts.base import Word
from harness.contracts.event_line import describe_event


class Cursor(Word):
    """Where an event stands: run ids differ between the executions of a chain and its branches,
    and `place` between the events that one entry of history projects to."""

    run_id: str
    event_id: int
    place: int = 0

    def __str__(self) -> str:
        return f"{self.run_id}/{self.event_id}/{self.place}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read a cursor from its text.

        Args:
            text: As `str(cursor)` writes it.

        Returns:
            The cursor.
        """
        run_id, event_id, place = text.split("/")
        return cls(run_id=run_id, event_id=int(event_id), place=int(place))


class Worker(Word):
    """Who ran a step. From history: the engine records who took a task."""

    name: str
    """The process: user@host/pid. Of versions before this was recorded user@host."""
    build: str | None = None
    """The code: the version of harness, and the commit of the agent's project."""


class EventBase(Word):
    """What all events have: their run, when they happened, and where they stand in history."""

    run: str
    at: float
    """Seconds since the epoch."""
    trace: str
    cursor: Cursor | None = None

    def __str__(self) -> str:
        """One line for people; `wire()` is the event for programs."""
        return describe_event(self)
