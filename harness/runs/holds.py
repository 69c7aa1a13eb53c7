"""Finds where a run came to need a person: protocols without such a wait end their answer there."""

from __future__ import annotations

from dataclasses import dataclass

from harness.contracts.event import (
    Cursor,
    DecisionMade,
    DecisionRequested,
    DurableEvent,
    Event,
    StateChanged,
)
from harness.contracts.run import RunState
from harness.engine.connection import Connection
from harness.history import reader
from harness.journal.card import card_of

HELD = (RunState.WAITING, RunState.PAUSED)
"""States in which a run needs a person to go on."""
DECISIVE = (StateChanged, DecisionRequested, DecisionMade)
"""Events after which a run may need a person, or something else of one."""


@dataclass(frozen=True)
class Hold:
    """A run that needs a person to go on."""

    run: str
    place: Cursor
    """The event since which it does."""
    state: RunState
    waiting: tuple[DecisionRequested, ...]
    """What it waits for; empty if it is paused."""
    events: tuple[DurableEvent, ...]
    """All events so far."""


def read_hold(events: tuple[DurableEvent, ...]) -> Hold | None:
    """Whether a run needs a person, from all its events so far."""
    card = card_of(events)
    if card is None or card.state not in HELD:
        return None
    if card.state is RunState.WAITING and not card.waiting:
        return None  # decided: it is about to continue
    place = next((each.cursor for each in reversed(events) if isinstance(each, DECISIVE)), None)
    if place is None:
        return None
    return Hold(card.run, place, card.state, card.waiting, events)


class HoldWatch:
    """Tells a wait that lasts from one that is history."""

    def __init__(self, connection: Connection, run: str) -> None:
        self._connection = connection
        self._run = run
        self._past = frozenset[Cursor]()
        """Events with others after them: what they began is over, or not all that is asked."""

    async def find_hold(self, event: Event) -> Hold | None:
        """The wait that began with this event, if the run still needs a person since then."""
        if not isinstance(event, DECISIVE) or event.cursor in self._past:
            return None
        read = reader.read_events(self._connection, self._run, wait=False)
        events = tuple([each async for each in read])
        hold = read_hold(events)
        if hold is not None and hold.place == event.cursor:
            return hold
        decisive = [each.cursor for each in events if isinstance(each, DECISIVE) and each.cursor]
        self._past = frozenset(decisive[:-1])  # each is looked at once, however long the run
        return None
