"""Live events across connections: a daemon sends open text again to a reader that resumes. Pure.

The daemon does not know how much the reader has shown, so it resets the text and repeats it. Here
the reader does know, and passes on only what is new.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.contracts.event import (
    AttemptFailed,
    Branched,
    Event,
    ModelFailed,
    ModelReplied,
    OutputDelta,
    OutputGap,
    OutputReset,
    ToolProgress,
)

MAX_TEXT = 4_000_000
"""Characters of open text that are remembered."""
MAX_NOTES = 1_000
CLOSING = (ModelReplied, ModelFailed, Branched)


class OpenText:
    """What a reader has shown since the last durable event."""

    def __init__(self) -> None:
        self._call: tuple[int, int] | None = None
        self._attempt = 0
        self._text: str | None = ""
        """None: not all of it is known."""
        self._held: OutputReset | None = None
        """A reset of this attempt: void if the text that follows begins with what was shown."""
        self._notes: dict[tuple[str, str], object] = {}

    def take(self, event: Event) -> Iterator[Event]:
        """Yield what is new to the reader."""
        match event:
            case OutputReset():
                yield from self._take_reset(event)
            case OutputDelta():
                yield from self._take_delta(event)
            case OutputGap():
                yield from self._release()
                self._begin((event.turn, event.call), event.attempt, None)
                yield event
            case ToolProgress():
                if self._is_new("progress", event.call_id, (event.at, event.text)):
                    yield event
            case AttemptFailed():
                if self._is_new("attempt", event.retry.activity, event.retry.failed):
                    yield event
            case _:
                yield from self._release()
                if isinstance(event, CLOSING):
                    self._begin(None, 0, "")
                    self._notes.clear()
                yield event

    def _take_reset(self, event: OutputReset) -> Iterator[Event]:
        call = (event.turn, event.call)
        if call == self._call and event.attempt <= self._attempt:
            self._held = event
            return
        new = event.attempt > 1 or call == self._call
        self._begin(call, event.attempt, "")
        if new:  # a first attempt of which nothing was shown needs no reset
            yield event

    def _take_delta(self, event: OutputDelta) -> Iterator[Event]:
        call = (event.turn, event.call)
        if call != self._call:
            self._begin(call, event.attempt, "")
        elif event.attempt > self._attempt:
            if self._text != "":  # a new attempt began while nobody read
                fields = event.model_dump(exclude={"type", "offset", "text"})
                yield OutputReset(**fields)
            self._begin(call, event.attempt, "")
        shown, end = self._text, event.offset + len(event.text)
        if shown is not None and event.offset == 0 and event.text.startswith(shown):
            self._held = None
            if rest := event.text[len(shown) :]:
                self._remember(event.text)
                yield event.model_copy(update={"offset": len(shown), "text": rest})
            return
        if self._held is not None or shown is None:
            yield from self._release()
            self._remember(event.text if event.offset == 0 else None)
            yield event
            return
        new = event.text[max(0, len(shown) - event.offset) :]
        if event.offset > len(shown):
            self._remember(None)
            yield event
        elif new and end > len(shown):
            self._remember(shown + new)
            yield event.model_copy(update={"offset": len(shown), "text": new})

    def _release(self) -> Iterator[Event]:
        held, self._held = self._held, None
        if held is not None and self._text != "":
            yield held

    def _begin(self, call: tuple[int, int] | None, attempt: int, text: str | None) -> None:
        self._call, self._attempt, self._held = call, attempt, None
        self._remember(text)

    def _remember(self, text: str | None) -> None:
        self._text = text if text is None or len(text) <= MAX_TEXT else None

    def _is_new(self, kind: str, id: str, value: object) -> bool:
        if self._notes.get((kind, id)) == value:
            return False
        if len(self._notes) >= MAX_NOTES:
            self._notes.clear()
        self._notes[kind, id] = value
        return True
