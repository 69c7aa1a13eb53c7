"""Wait for a turn, and give back what a call reserved, in one worker process."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from harness.commons.log import get_logger
from harness.contracts.errors import StoreError
from harness.limits.quota import Quota
from harness.limits.rows import Answer, Ask, Used
from harness.limits.store import LimitStore

RENEW_S = 4.0
"""Postgres counts a process as dead after 15 s."""
RETRY_S = 1.0
GIVE_UP = 120
"""How often a settlement is tried while Postgres does not answer."""
SHORTEST_S, LONGEST_S, FIRST_S = 0.02, 2.0, 0.25
"""Between two questions of a waiting call. It is forgotten after 6 s without one."""

log = get_logger(__name__)


@dataclass
class Turn:
    """A call whose turn it is. `used` says what it used, for when it ends."""

    used: Used = field(default_factory=Used)


class Turnstile:
    """Lets calls of this process through, each when its limits allow."""

    def __init__(self, store: LimitStore) -> None:
        self._store = store
        self._holder = secrets.token_hex(12)
        self._held = 0
        self._renewing: asyncio.Task[None] | None = None
        self._settling: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def pass_through(
        self,
        quotas: Sequence[Quota],
        ask: Ask,
        patience_s: float,
        refuse: Callable[[Answer], Exception],
    ) -> AsyncGenerator[Turn]:
        """Wait for a turn; what it reserved is settled when the block ends, whatever happens.

        Args:
            quotas: The limits to keep, at least one.
            ask: The call.
            patience_s: How long to wait.
            refuse: Makes the error to raise if the wait is longer. The call keeps its place.
        """
        id = secrets.token_hex(16)
        turn = Turn()
        self._held += 1
        try:
            await self._wait(id, quotas, ask, patience_s, refuse)
            self._keep_alive()
            yield turn
        finally:
            self._held -= 1
            # Also after a wait that was cut short: whether Postgres carried out the statement that
            # was abandoned is not known.
            self._run_later(lambda: self._store.settle(id, turn.used))

    async def _wait(
        self,
        id: str,
        quotas: Sequence[Quota],
        ask: Ask,
        patience_s: float,
        refuse: Callable[[Answer], Exception],
    ) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + patience_s
        try:
            while (answer := await self._store.reserve(id, self._holder, quotas, ask)).blocked:
                if clock() + answer.wait_s > until:
                    raise refuse(answer)
                await asyncio.sleep(_choose_pause(answer))
        except asyncio.CancelledError:
            self._run_later(lambda: self._store.leave(ask.place))
            raise

    def _keep_alive(self) -> None:
        """Renew the lease of this process for as long as a call holds something."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        while self._held:
            await asyncio.sleep(RENEW_S)
            try:
                await self._store.renew(self._holder)
            except StoreError as error:
                log.info("the lease of limits is not renewed", error=error.message)

    def _run_later(self, statement: Callable[[], Awaitable[None]]) -> None:
        """Run a statement in the background, until Postgres answers: the call's answer does not
        wait for it."""
        task = asyncio.create_task(_insist(statement))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)


async def _insist(statement: Callable[[], Awaitable[None]]) -> None:
    for _ in range(GIVE_UP):
        try:
            await statement()
        except StoreError:
            await asyncio.sleep(RETRY_S)
        else:
            return
    log.warning("a call could not be settled: its limit counts all that it reserved")


def _choose_pause(answer: Answer) -> float:
    """When to ask again: the first in line soon, the others when about half of their time is over.
    Differently for each, so that they do not all ask at once."""
    pause = min(answer.wait_s / 2, LONGEST_S) if answer.ahead else min(answer.wait_s, FIRST_S)
    return max(pause, SHORTEST_S) * random.uniform(0.8, 1.2)  # noqa: S311
