"""Merges live text into the durable events, so that a reader shows what history records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.contracts.event import (
    AttemptFailed,
    Branched,
    DurableEvent,
    LiveEvent,
    ModelCalled,
    ModelFailed,
    ModelReplied,
    OutputDelta,
    OutputGap,
    OutputReset,
    ToolProgress,
)

Call = tuple[int, int]
BEFORE: Call = (0, -1)
GAP = "\0"
"""Stands for text that was missed: no reply starts with it."""


@dataclass
class EventMerger:
    """Turns durable and live events into one stream, without I/O.

    Live events of a call are held until history records the call, and dropped once its reply has
    arrived. A last OutputDelta completes the reply, so a reader that shows deltas and applies
    resets always ends with the whole text.
    """

    open: Call | None = None
    opened: ModelCalled | None = None
    """The event that opened it."""
    shown: list[str] = field(default_factory=list[str])
    attempt: int = 1
    offset: int = 0
    """Where the open call's next text begins."""
    early: dict[Call, list[LiveEvent]] = field(default_factory=dict[Call, list[LiveEvent]])
    last: Call = BEFORE
    """The newest finished call."""

    def merge_durable(self, event: DurableEvent) -> Iterator[DurableEvent | LiveEvent]:
        match event:
            case ModelCalled():
                self._open_call(event)
                yield event
                for live in self.early.pop((event.turn, event.call), []):
                    yield from self.merge_live(live)
            case ModelReplied():
                yield from self._complete_text(event)
                self._close_call((event.turn, event.call))
                yield event
            case ModelFailed():
                self._close_call((event.turn, event.call))
                yield event
            case Branched():
                # Turns that ended in the old branch run again.
                self.open, self.last, self.shown = None, BEFORE, []
                self.early.clear()
                yield event
            case _:
                yield event

    def merge_live(self, event: LiveEvent) -> Iterator[LiveEvent]:
        if isinstance(event, ToolProgress | AttemptFailed):
            yield event
            return
        call = (event.turn, event.call)
        if call <= self.last:
            return
        if call != self.open:
            self.early.setdefault(call, []).append(event)
            return
        match event:
            case OutputReset():
                self.shown, self.attempt, self.offset = [], event.attempt, 0
                yield event
            case OutputGap():
                # The missing text cannot be shown in order: the reply has all of it.
                self.shown, self.attempt, self.offset = [GAP], event.attempt, event.offset
                yield event
            case OutputDelta():
                self.shown.append(event.text)
                self.attempt, self.offset = event.attempt, event.offset + len(event.text)
                yield event

    @property
    def called(self) -> ModelCalled | None:
        """The event of the open call."""
        return self.opened if self.open else None

    def forget_shown(self) -> None:
        """The reader has shown some of the open call's text, and it is unknown how much."""
        if self.open:
            self.shown = [GAP]

    def show_again(self, *, reset: bool) -> Iterator[LiveEvent]:
        """The open call's text so far, for another reader. With `reset`, that reader may have shown
        some of it."""
        if self.open is None or self.opened is None:
            return
        start = self._make_reset(self.opened)
        fields = start.model_dump(exclude={"type"})
        shown = "".join(self.shown)
        if reset:
            yield start
        if shown.startswith(GAP):
            yield OutputGap(**fields, offset=self.offset)
        elif shown:
            yield OutputDelta(**fields, offset=0, text=shown)

    def _complete_text(self, event: ModelReplied) -> Iterator[LiveEvent]:
        text, shown = event.message.text, "".join(self.shown)
        restarts = not text.startswith(shown)
        if restarts:
            shown, self.attempt = "", max(self.attempt, event.attempts)
        reset = self._make_reset(event)
        if restarts:
            yield reset
        if rest := text[len(shown) :]:
            fields = reset.model_dump(exclude={"type"})
            yield OutputDelta(**fields, offset=len(shown), text=rest)

    def _make_reset(self, event: ModelCalled | ModelReplied) -> OutputReset:
        return OutputReset(
            run=event.run,
            at=event.at,
            trace=event.trace,
            turn=event.turn,
            call=event.call,
            attempt=self.attempt,
        )

    def _open_call(self, event: ModelCalled) -> None:
        self.opened, self.open = event, (event.turn, event.call)
        self.shown, self.attempt, self.offset = [], 1, 0

    def _close_call(self, call: Call) -> None:
        self.open, self.last = None, call
        for stale in [c for c in self.early if c <= call]:
            del self.early[stale]
