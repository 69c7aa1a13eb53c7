"""The fields that all events share, and their position in history."""

from __future__ import annotations

from harness.contracts.base import Word
from harness.contracts.event_line import describe_event


class Cursor(Word):
    """The position of an event. Run ids differ between the executions of a chain and its branches;
    `place` numbers the events that one history entry projects to."""

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
    """The worker that ran a step, as Temporal recorded it in history."""

    name: str
    """The process: user@host/pid; user@host in runs of older versions."""
    build: str | None = None
    """The code: the version of harness, and the commit of the agent's project."""


class EventBase(Word):
    """The fields that all events share: their run, time and position in history."""

    run: str
    """The run's id."""
    at: float
    """Seconds since the epoch."""
    trace: str
    """The id of the run's trace, in OpenTelemetry too."""
    cursor: Cursor | None = None
    """Its position in history; absent for live events."""

    def __str__(self) -> str:
        """One line for people; `wire()` is the event for programs."""
        return describe_event(self)
