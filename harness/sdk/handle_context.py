"""What a run handle needs from the client that made it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from harness.agent import Agent
from harness.engine.connection import Connection
from harness.history.follow import Feeds

ServeAgent = Callable[[Agent[Any, Any]], Awaitable[bool]]
"""Serves the agent from this process if the process hosts workers; returns whether it does."""


async def serve_nowhere(agent: Agent[Any, Any]) -> bool:  # noqa: ARG001
    """For a process that hosts no workers."""
    return False


@dataclass(frozen=True)
class HandleContext:
    connection: Connection
    feeds: Feeds
    serve: ServeAgent = serve_nowhere
