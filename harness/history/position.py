"""Finds the position in a run's events from which a reader resumes."""

from __future__ import annotations

from collections.abc import Iterator

from harness.contracts.event import LIVE, Cursor, DurableEvent, Event, LiveEvent
from harness.history.merge import EventMerger


class Position:
    """Passes on the events after a cursor, as all of them go by in order."""

    def __init__(self, after: Cursor | None, merger: EventMerger) -> None:
        self._after = after
        self._merger = merger
        self._in_execution = False

    def pass_on(self, event: DurableEvent | LiveEvent) -> Iterator[Event]:
        """Yield the event if it comes after the cursor. At the cursor, yield the text of the reply
        in progress instead."""
        if self._after is None:
            yield event
        elif not isinstance(event, LIVE) and event.cursor is not None:
            yield from self._compare(event, event.cursor, self._after)

    def _compare(self, event: DurableEvent, here: Cursor, after: Cursor) -> Iterator[Event]:
        if here.run_id != after.run_id:
            if self._in_execution:  # the event itself was withheld, as the end of a reset execution
                self._after = None
                yield event
            return
        self._in_execution = True
        reached, wanted = (here.event_id, here.place), (after.event_id, after.place)
        if reached >= wanted:
            self._after = None
        if reached > wanted:
            yield event
        elif reached == wanted:
            yield from self._merger.restart_text()
