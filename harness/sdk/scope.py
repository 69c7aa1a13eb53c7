"""What run handles share with the client that they come from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from harness.agent import Agent
from harness.engine.connection import Connection
from harness.history.follow import Feeds

Serve = Callable[[Agent[Any, Any]], Awaitable[bool]]
"""Lets a worker of this process serve the agent, where the process hosts any; returns whether."""


async def serve_nothing(agent: Agent[Any, Any]) -> bool:  # noqa: ARG001
    """For a process that hosts no worker."""
    return False


@dataclass(frozen=True)
class Scope:
    connection: Connection
    feeds: Feeds
    serve: Serve = serve_nothing
