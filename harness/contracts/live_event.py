"""Live events, sent by workers while a call runs. They have no cursor, may be missed, and never
contradict history."""

from __future__ import annotations

from typing import Literal

from harness.contracts.attempt import Retry
from harness.contracts.event_base import EventBase


class OutputDelta(EventBase):
    """Live: a piece of the reply's text. `offset` counts characters of this attempt; `attempt`
    rises with each try, also when a plan falls back to another model."""

    type: Literal["output_delta"] = "output_delta"
    turn: int
    call: int
    attempt: int
    offset: int
    text: str


class OutputReset(EventBase):
    """Live: a new attempt begins; text of the previous one is void."""

    type: Literal["output_reset"] = "output_reset"
    turn: int
    call: int
    attempt: int


class OutputGap(EventBase):
    """Live: some text was missed; the durable reply will have it."""

    type: Literal["output_gap"] = "output_gap"
    turn: int
    call: int
    attempt: int
    offset: int
    """Where the text that follows begins."""


class AttemptFailed(EventBase):
    """Live: an attempt at a model or tool call failed, and Temporal retries it."""

    type: Literal["attempt_failed"] = "attempt_failed"
    retry: Retry


class ToolProgress(EventBase):
    """Live: a tool reports its progress."""

    type: Literal["tool_progress"] = "tool_progress"
    turn: int
    call_id: str
    text: str


LiveEvent = OutputDelta | OutputReset | OutputGap | AttemptFailed | ToolProgress
LIVE = (OutputDelta, OutputReset, OutputGap, AttemptFailed, ToolProgress)
