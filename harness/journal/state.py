"""The state of a projector while it reads a history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from harness.contracts.effect import Undone
from harness.contracts.event import Worker
from harness.contracts.message import ToolCall
from harness.contracts.model import CallModel, CompactContext
from harness.contracts.run import Pending, Totals
from harness.contracts.steering import Decided, HintRoom
from harness.contracts.tool import RunTool

Draft = Iterable[tuple[type[Any], dict[str, Any]]]
"""Kinds of events and their fields, without cursor and time."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    at: float
    input: CallModel | CompactContext | RunTool


@dataclass(frozen=True, slots=True)
class Started:
    at: float
    attempt: int
    last_failure: str | None
    worker: Worker | None = None


@dataclass
class State:
    run: str
    run_id: str
    trace: str = ""
    agent: str = ""
    model: str = ""
    reply: str = ""
    """Text of the newest reply, for runs that are ended from outside."""
    head: str | None = None
    """The newest node without open calls, with which a transcript may end."""
    totals: Totals = field(default_factory=Totals)
    why: str | None = None
    """Why the run was to end."""
    saving: set[int] = field(default_factory=set[int])
    """Scheduled `save_transcript` activities."""
    learning: set[int] = field(default_factory=set[int])
    """Scheduled extractions of memories, whose cost counts."""
    scheduled: dict[int, Scheduled] = field(default_factory=dict[int, Scheduled])
    started: dict[int, Started] = field(default_factory=dict[int, Started])
    open_calls: list[ToolCall] = field(default_factory=list[ToolCall])
    """Open calls of the newest reply; history does not say which call an inline failure is of."""
    turn: int = 0
    worker: Worker | None = None
    """The worker that last served the run, which runs inline tools."""
    undos: dict[int, str] = field(default_factory=dict[int, str])
    """Undo workflows that the run started, by history entry."""
    undone: Undone | None = None
    children: dict[int, str] = field(default_factory=dict[int, str])
    handed: set[str] = field(default_factory=set[str])
    """Children that took over the conversation."""
    """Child runs that the run started and that have not ended, by history entry."""
    awaited: dict[int, str] = field(default_factory=dict[int, str])
    """Child runs whose end a worker waits for, by the entry of its activity."""
    updates: dict[int, Any] = field(default_factory=dict[int, Any])
    announced: set[str] = field(default_factory=set[str])
    bounded: bool = False
    """Whether the run refuses signals that are too large or too many."""
    room: HintRoom = field(default_factory=HintRoom)
    asked: dict[str, Pending] = field(default_factory=dict[str, Pending])
    """Items that wait for a person, by id."""
    decided: dict[str, Decided] = field(default_factory=dict[str, Decided])
    """The last decision about each open call."""
    checked: frozenset[str] = frozenset()
    """Tools whose calls may need approval."""

    def close_call(self, id: str) -> None:
        self.open_calls = [call for call in self.open_calls if call.id != id]
