"""Keep what a process holds in Postgres for as long as it lives, and give it back for certain."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from harness.commons.log import get_logger
from harness.contracts.errors import StoreError

RENEW_S = 4.0
"""Postgres counts a process as dead after 15 s."""
RETRY_S = 1.0
GIVE_UP = 120
"""How often a statement is tried while Postgres does not answer."""

log = get_logger(__name__)


class Lease:
    """The lease of one process on what it holds.

    Args:
        renew: Says that the process with this id lives.
    """

    def __init__(self, renew: Callable[[str], Awaitable[None]]) -> None:
        self.holder = secrets.token_hex(12)
        self.held = 0
        """How much the process holds: the lease is renewed while it is above 0."""
        self._renew = renew
        self._renewing: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    def keep_alive(self) -> None:
        """Renew the lease for as long as the process holds something."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._keep_renewing())

    def run_later(self, statement: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run a statement in the background until Postgres answers, even if the caller is
        cancelled. Await the task's shield to wait for it."""
        task = asyncio.create_task(_insist(statement))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _keep_renewing(self) -> None:
        while self.held:
            await asyncio.sleep(RENEW_S)
            try:
                await self._renew(self.holder)
            except StoreError as error:
                log.info("a lease is not renewed", error=error.message)


async def _insist(statement: Callable[[], Awaitable[None]]) -> None:
    for _ in range(GIVE_UP):
        try:
            await statement()
        except StoreError:
            await asyncio.sleep(RETRY_S)
        else:
            return
    log.warning("a call could not be settled: all that it reserved counts as used")
