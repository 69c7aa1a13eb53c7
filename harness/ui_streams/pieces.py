"""What a user interface shows of a run, piece by piece: the same for every protocol. Pure.

Ids derive from the run's history, so the same event of a run has the same ids in every stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.api.live_text import LiveText
from harness.contracts.event import (
    ChildEnded,
    DecisionRequested,
    Event,
    ModelCalled,
    ModelFailed,
    ModelReplied,
    OutputDelta,
    OutputGap,
    OutputReset,
    ToolCallFinished,
    ToolCallRequested,
)


@dataclass(frozen=True)
class StepBegun:
    """A call of the model begins."""


@dataclass(frozen=True)
class StepEnded:
    """The model's reply and its tool calls are complete."""


@dataclass(frozen=True)
class TextBegun:
    """A text of the assistant begins."""

    id: str


@dataclass(frozen=True)
class TextAdded:
    """The text goes on."""

    id: str
    text: str


@dataclass(frozen=True)
class TextReplaced:
    """The text so far is void, because a retry answered something else. This is all of it."""

    id: str
    text: str


@dataclass(frozen=True)
class TextEnded:
    """The text is complete."""

    id: str


@dataclass(frozen=True)
class ToolCalled:
    """The model asks for a tool."""

    id: str
    message: str
    """The text that it belongs to, also if that is empty."""
    name: str
    arguments: dict[str, Any] | str


@dataclass(frozen=True)
class ToolEnded:
    """A tool call has a result."""

    id: str
    content: str
    ok: bool
    refused: bool
    """A person did not approve it."""


Piece = (
    StepBegun
    | StepEnded
    | TextBegun
    | TextAdded
    | TextReplaced
    | TextEnded
    | ToolCalled
    | ToolEnded
)


def tool_call_id(run: str, turn: int, call: str) -> str:
    """The id of a tool call: models use the same ids again in another turn."""
    return f"{run}/{turn}/{call}"


def asked_call_id(run: str, asked: DecisionRequested) -> str | None:
    """The id of the tool call that a decision is about."""
    return tool_call_id(run, asked.turn, asked.id) if asked.tool is not None else None


class PieceReader:
    """Turns the events of a run, in order from its first, into pieces."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._live = LiveText()
        self._message = f"{run}/0"
        self._open = False
        """Whether a text has begun and not ended."""
        self._stepping = False

    def take(self, event: Event) -> Iterator[Piece]:
        """Take the next event."""
        match event:
            case ModelCalled():
                yield from self.end()
                self._live, self._message = LiveText(), f"{self._run}/{event.turn}.{event.call}"
                self._stepping = True
                yield StepBegun()
            case OutputDelta():
                yield from self._add(self._live.add(event.text))
            case OutputReset():
                self._live.restart()
            case OutputGap():
                self._live.miss()
            case ModelReplied():
                yield from self._complete(event.message.text)
            case ModelFailed():
                yield from self._close()
            case ChildEnded(answer=str() as text):  # of the agent that took over
                yield from self.end()
                self._live, self._message = LiveText(), f"{self._run}/{event.child}"
                self._stepping = True
                yield StepBegun()
                yield from self._complete(text)
            case ToolCallRequested():
                call = event.call
                id = tool_call_id(self._run, event.turn, call.id)
                yield ToolCalled(id, self._message, call.name, call.arguments)
            case ToolCallFinished():
                decided = event.decided
                refused = (
                    decided is not None
                    and decided.verdict == "reject"
                    and decided.need == "approval"
                )
                id = tool_call_id(self._run, event.turn, event.call_id)
                yield ToolEnded(id, event.content, event.ok, refused)
            case _:
                pass

    def end(self) -> Iterator[Piece]:
        """Complete what is open."""
        yield from self._close()
        if self._stepping:
            self._stepping = False
            yield StepEnded()

    def _add(self, text: str) -> Iterator[Piece]:
        if not text:
            return
        if not self._open:
            self._open = True
            yield TextBegun(self._message)
        yield TextAdded(self._message, text)

    def _complete(self, text: str) -> Iterator[Piece]:
        rest = self._live.finish(text)
        if rest is None:
            yield TextReplaced(self._message, text)
        else:
            yield from self._add(rest)
        yield from self._close()

    def _close(self) -> Iterator[Piece]:
        if self._open:
            self._open = False
            yield TextEnded(self._message)
