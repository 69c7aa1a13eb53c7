"""Wait for a turn, and give back what a call reserved, in one worker process."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from harness.commons.lease import Lease
from harness.contracts.errors import HarnessError
from harness.limits.quota import Quota
from harness.limits.rows import Answer, Ask, Used
from harness.limits.store import LimitStore

SHORTEST_S, LONGEST_S, FIRST_S = 0.02, 2.0, 0.25
"""Between two questions of a waiting call. It is forgotten after 6 s without one."""


@dataclass
class Turn:
    """A call whose turn it is. `used` says what it used, for when it ends."""

    used: Used


class Turnstile:
    """Lets calls of this process through, each when its limits allow."""

    def __init__(self, store: LimitStore) -> None:
        self._store = store
        self._lease = Lease(store.renew)

    @asynccontextmanager
    async def pass_through(
        self,
        quotas: Sequence[Quota],
        ask: Ask,
        patience_s: float,
        refuse: Callable[[Answer], HarnessError],
    ) -> AsyncGenerator[Turn]:
        """Wait for a turn; what it reserved is settled when the block ends, whatever happens.

        Args:
            quotas: The limits to keep, at least one.
            ask: The call.
            patience_s: How long to wait.
            refuse: Makes the error to raise if the wait is longer. If it says when the call is
                repeated, the call keeps its place until then.
        """
        id = secrets.token_hex(16)
        turn = Turn(Used(sent=False))
        self._lease.held += 1
        try:
            await self._wait(id, quotas, ask, patience_s, refuse)
            self._lease.keep_alive()
            turn.used = Used()
            yield turn
        finally:
            self._lease.held -= 1
            # Also after a wait that was cut short: whether Postgres carried out the statement that
            # was abandoned is not known.
            self._lease.run_later(lambda: self._store.settle(id, turn.used))

    async def _wait(
        self,
        id: str,
        quotas: Sequence[Quota],
        ask: Ask,
        patience_s: float,
        refuse: Callable[[Answer], HarnessError],
    ) -> None:
        clock = asyncio.get_running_loop().time
        until = clock() + patience_s
        try:
            while (
                answer := await self._store.reserve(id, self._lease.holder, quotas, ask)
            ).blocked:
                if clock() + answer.wait_s > until:
                    error = refuse(answer)
                    if error.retry_after is not None:
                        await self._store.rest(ask.place, error.retry_after)
                    raise error
                await asyncio.sleep(_choose_pause(answer))
        except asyncio.CancelledError:
            self._lease.run_later(lambda: self._store.leave(ask.place))
            raise


def _choose_pause(answer: Answer) -> float:
    """When to ask again: the first in line soon, the others when about half of their time is over.
    Differently for each, so that they do not all ask at once."""
    pause = min(answer.wait_s / 2, LONGEST_S) if answer.ahead else min(answer.wait_s, FIRST_S)
    return max(pause, SHORTEST_S) * random.uniform(0.8, 1.2)  # noqa: S311
