"""Drop what a reset abandoned: a reset run continues from an earlier point."""

from __future__ import annotations

from collections.abc import Iterable

from harness.contracts.event import Branched, DurableEvent, RunStarted


def drop_reset_events(events: Iterable[DurableEvent]) -> list[DurableEvent]:
    """Drop the events that resets left behind."""
    kept: list[DurableEvent] = []
    first = 0
    """Index of the first event of this execution, or of the one it branched from."""
    for event in events:
        if isinstance(event, RunStarted):
            first = len(kept)
        elif isinstance(event, Branched) and event.cursor is not None:
            left_at = event.cursor.event_id
            kept[first:] = [e for e in kept[first:] if e.cursor and e.cursor.event_id < left_at]
        kept.append(event)
    return kept
