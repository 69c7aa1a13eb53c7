"""The events of one run as they arrived, for any number of readers, without I/O.

Live text is merged once for all of them. A reader keeps only its place: one that comes later, or
falls behind, catches up on the durable events and is then given the text of the open calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

from harness.contracts.event import (
    LIVE,
    AttemptFailed,
    Branched,
    Cursor,
    DurableEvent,
    Event,
    LiveEvent,
    ModelCalled,
    ModelFailed,
    ModelReplied,
    OutputDelta,
    OutputReset,
    RunEnded,
    ToolCallFinished,
    ToolProgress,
)
from harness.history.merge import EventMerger
from harness.history.position import Position
from harness.history.retries import CLOSING

WINDOW = 1_000
"""Newest events that a reader may be behind before it loses live text."""


class FeedLog:
    """All durable events of a run so far, and the newest ones with live text between them."""

    def __init__(self, window: int = WINDOW) -> None:
        self.durable: list[DurableEvent] = []
        self.merger = EventMerger()
        self._newest: deque[Event] = deque(maxlen=window)
        self._progress: dict[tuple[int, str], ToolProgress] = {}
        self._failed: dict[str, AttemptFailed] = {}

        self.end = 0
        """The number of the event that comes next."""

    @property
    def first(self) -> int:
        """The number of the oldest event in the window."""
        return self.end - len(self._newest)

    def __getitem__(self, number: int) -> Event:
        return self._newest[number - self.first]

    def add(self, event: Event) -> None:
        """Add what was read of the run."""
        if isinstance(event, LIVE):
            merged = list(self.merger.merge_live(event))
        else:
            self.durable.append(event)
            merged = list(self.merger.merge_durable(event))
        for each in merged:
            self._newest.append(each)
            self.end += 1
            self._note(each)

    def open_text(self, *, reset: bool) -> Iterator[LiveEvent]:
        """Live events of what is open now, for a reader that has all durable events. With `reset`,
        the reader may have shown some of the reply already."""
        yield from self.merger.show_again(reset=reset)
        yield from self._progress.values()
        yield from self._failed.values()

    def _note(self, event: Event) -> None:
        if isinstance(event, ToolProgress):
            self._progress[event.turn, event.call_id] = event
        elif isinstance(event, AttemptFailed):
            self._failed[event.retry.activity] = event
        elif isinstance(event, CLOSING):
            self._failed.clear()
            if isinstance(event, ToolCallFinished):
                self._progress.pop((event.turn, event.call_id), None)
            if isinstance(event, Branched | RunEnded):
                self._progress.clear()


class Reading:
    """One reader's place in the log."""

    def __init__(self, log: FeedLog, after: Cursor | None = None) -> None:
        self._log = log
        self._position = Position(after)
        self._merger = EventMerger()
        """Merges what the reader catches up on."""
        self._passed = 0
        """Durable events behind the reader."""
        self._number: int | None = None
        """The event of the window that comes next; None while the reader catches up."""
        self._called: ModelCalled | None = None
        self._attempt = 1
        self._taking = self.take()

    def take_ready(self, most: int) -> list[Event]:
        """Return what the reader does not have yet, at most so many events; none if it has all."""
        ready = list(islice(self._taking, most))
        if not ready:
            # It may have ended before the log grew, and a generator that has ended stays so.
            self._taking = self.take()
            ready = list(islice(self._taking, most))
        return ready

    def take(self) -> Iterator[Event]:
        """Yield what the reader does not have yet. The log may grow between two events."""
        log = self._log
        while True:
            if self._number is None or self._number < log.first:
                yield from self._catch_up()
                if self._number is None:
                    return
            elif self._number == log.end:
                return
            else:
                event = log[self._number]
                self._number += 1
                self._note(event)
                yield event

    def _catch_up(self) -> Iterator[Event]:
        log = self._log
        if self._number is not None:
            self._lose_text()
        while self._passed < len(log.durable):
            event = log.durable[self._passed]
            self._passed += 1
            merged = self._merger.merge_durable(event)
            if self._position.passes(event):
                yield from merged
            else:
                deque(merged, maxlen=0)
                self._merger.forget_shown()
        if self._position.reached:
            self._number = log.end
            self._called, self._attempt = self._merger.called, log.merger.attempt
            yield from list(log.open_text(reset=bool(self._merger.shown)))

    def _lose_text(self) -> None:
        """The reader fell out of the window: start over from the durable events that it has."""
        self._merger = EventMerger()
        self._number = None
        if self._called is not None:
            deque(self._merger.merge_durable(self._called), maxlen=0)
            self._merger.forget_shown()
            self._merger.attempt = self._attempt

    def _note(self, event: Event) -> None:
        if isinstance(event, LIVE):
            if isinstance(event, OutputDelta | OutputReset):
                self._attempt = event.attempt
            return
        self._passed += 1
        if isinstance(event, ModelCalled):
            self._called, self._attempt = event, 1
        elif isinstance(event, ModelReplied | ModelFailed | Branched):
            self._called = None
