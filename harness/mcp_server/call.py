"""One call of a tool: who calls, for what, and how to reach the client meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.api.caller import Caller
from harness.api.context import ApiContext

if TYPE_CHECKING:
    from mcp.server import ServerRequestContext
    from mcp.types import ElicitResult


@dataclass(frozen=True)
class McpCall:
    """A tool call in progress."""

    context: ApiContext
    caller: Caller
    request: ServerRequestContext[Any, Any]
    answers: Mapping[str, ElicitResult]
    """What a person answered to the questions of the previous round, by the question's key."""
