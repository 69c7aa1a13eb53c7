"""Notices which agents run here."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from harness.extensions import Connection

logger = logging.getLogger(__name__)


def watch_runs(connection: Connection) -> Callable[[str, str], Awaitable[None]]:
    """Make the function that workers await before each activity of a run."""
    del connection
    seen = set[str]()

    async def notice(run: str, agent: str) -> None:
        if agent not in seen:
            seen.add(agent)
            logger.info("agent %s runs here, first in %s", agent, run)

    return notice
