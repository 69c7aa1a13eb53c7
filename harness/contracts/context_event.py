"""Events of a conversation that is summarized."""

from __future__ import annotations

from typing import Literal

from harness.contracts.errors import ErrorInfo
from harness.contracts.event_base import EventBase
from harness.contracts.model import Usage


class ContextCompacted(EventBase):
    """A model summarized the conversation: later calls read the summary, pinned messages and the
    newest exchanges in its place. The transcript still has everything."""

    type: Literal["context_compacted"] = "context_compacted"
    turn: int
    """The turn before."""
    before: int
    """Tokens that a call read until now."""
    after: int
    """Tokens that the next call reads, estimated."""
    summarized: int
    """Messages that the summary stands for."""
    summary: str
    model: str
    usage: Usage
    cost_micros: int | None = None
    """Millionths of a US dollar; absent if the price is unknown."""
    ms: float | None = None
    replaces: str
    """The head of the whole conversation."""
    head: str
    """The transcript node that stands for it."""


class CompactionFailed(EventBase):
    """The conversation could not be summarized. The run continues with all of it, as far as the
    context policy allows."""

    type: Literal["compaction_failed"] = "compaction_failed"
    turn: int
    error: ErrorInfo
