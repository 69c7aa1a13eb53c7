"""What a projector remembers while it reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from harness.contracts.effect import Undone
from harness.contracts.event import Worker
from harness.contracts.message import ToolCall
from harness.contracts.model import CallModel
from harness.contracts.run import Pending, Totals
from harness.contracts.steering import Decided, HintRoom
from harness.contracts.tool import RunTool

Draft = Iterable[tuple[type[Any], dict[str, Any]]]
"""Kinds of events and their fields, before the cursor and the time are put in."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    at: float
    input: CallModel | RunTool


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
    """Text of the newest reply, for runs that were ended from outside."""
    head: str | None = None
    """The newest node that a transcript may end with: no call in it is left open."""
    totals: Totals = field(default_factory=Totals)
    why: str | None = None
    """Why the run was told to end."""
    saving: set[int] = field(default_factory=set[int])
    """Scheduled `save_transcript` activities."""
    scheduled: dict[int, Scheduled] = field(default_factory=dict[int, Scheduled])
    started: dict[int, Started] = field(default_factory=dict[int, Started])
    open_calls: list[ToolCall] = field(default_factory=list[ToolCall])
    """Calls of the newest reply; a failed inline call is recorded without saying which it was."""
    turn: int = 0
    worker: Worker | None = None
    """Who served the run last: inline tools ran there."""
    undos: dict[int, str] = field(default_factory=dict[int, str])
    """Undo workflows that the run began, by the entry that did."""
    undone: Undone | None = None
    updates: dict[int, Any] = field(default_factory=dict[int, Any])
    announced: set[str] = field(default_factory=set[str])
    bounded: bool = False
    """Whether the run refuses signals that are too large or too many."""
    room: HintRoom = field(default_factory=HintRoom)
    asked: dict[str, Pending] = field(default_factory=dict[str, Pending])
    """What waits for a person, by id."""
    decided: dict[str, Decided] = field(default_factory=dict[str, Decided])
    """What a person decided last about each open call."""
    checked: frozenset[str] = frozenset()
    """Tools whose calls a person may have to allow."""

    def close_call(self, id: str) -> None:
        self.open_calls = [call for call in self.open_calls if call.id != id]
