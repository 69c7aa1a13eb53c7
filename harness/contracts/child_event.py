"""Events of runs that a run starts."""

from __future__ import annotations

from typing import Literal

from harness.contracts.base import Flag
from harness.contracts.errors import ErrorInfo
from harness.contracts.event_base import EventBase
from harness.contracts.run import RunState, Totals


class ChildStarted(EventBase):
    """A call of an agent as a tool starts a run of that agent. The child has its own events."""

    type: Literal["child_started"] = "child_started"
    turn: int
    call_id: str
    child: str
    """The child's run id."""
    agent: str
    prompt: str
    handover: Flag = None
    """That agent takes over the conversation: when the child ends, this run ends the same way."""


class ChildEnded(EventBase):
    """A child run ended; `tool_call_finished` follows, or the end of a run that was handed over."""

    type: Literal["child_ended"] = "child_ended"
    child: str
    state: RunState
    error: ErrorInfo | None = None
    totals: Totals | None = None
    """What it used, with its own children. The run's totals include its tokens and cost."""
    answer: str | None = None
    """What it said last, if it had taken over the conversation: a reply to the person."""
