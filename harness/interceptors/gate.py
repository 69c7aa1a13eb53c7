"""Gates: functions that look at a model or tool call, before or after it, and decide about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.contracts.gate import GatePlace

if TYPE_CHECKING:
    from harness.contracts.message import ToolResult
    from harness.contracts.model import ModelReply
    from harness.interceptors.model_call import ModelCall
    from harness.interceptors.tool_use import ToolUse


@dataclass(frozen=True)
class Change:
    """Returned by a gate to change what passes."""

    to: Any
    """The new request (before a model call), reply, arguments (before a tool call) or content of
    the result."""
    reason: str


@dataclass(frozen=True)
class Stop:
    """Returned by a gate to stop a call: a run fails, or the model reads the reason instead of a
    tool's result."""

    reason: str


@dataclass(frozen=True)
class AskPerson:
    """Returned by a gate to have a person decide about a tool call, or whether the model may read
    its result."""

    reason: str


@dataclass(frozen=True)
class Note:
    """Returned by a gate to record something; the call passes."""

    reason: str


Decision = Change | Stop | AskPerson | Note | None
"""What a gate returns. None: the call may pass."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelAnswer:
    """What a model answered, before the run reads it."""

    call: ModelCall
    reply: ModelReply


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolAnswer:
    """The result of a tool call, before the model reads it."""

    use: ToolUse
    result: ToolResult


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """A function that decides about calls, and where it stands."""

    name: str
    place: GatePlace
    check: Callable[[Any], Awaitable[Decision]]
