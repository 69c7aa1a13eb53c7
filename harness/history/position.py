"""Finds the position in a run's events from which a reader resumes."""

from __future__ import annotations

from harness.contracts.event import Cursor, DurableEvent


class Position:
    """Tells the events after a cursor, as all of them go by in order."""

    def __init__(self, after: Cursor | None) -> None:
        self._after = after
        self._in_execution = False

    @property
    def reached(self) -> bool:
        """Whether everything from here on comes after the cursor."""
        return self._after is None

    def passes(self, event: DurableEvent) -> bool:
        """Whether the event comes after the cursor."""
        after, here = self._after, event.cursor
        if after is None:
            return True
        if here is None:
            return False
        if here.run_id != after.run_id:
            # The event itself was withheld, as the end of an execution that was reset.
            passed = self._in_execution
            at = False
        else:
            self._in_execution = True
            reached, wanted = (here.event_id, here.place), (after.event_id, after.place)
            passed, at = reached > wanted, reached == wanted
        if passed or at:
            self._after = None
        return passed
