"""Wait, as a command that serves starts, for a database or a Temporal that is away for a moment."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TypeVar

from harness.contracts.errors import HarnessError

T = TypeVar("T")

PATIENCE_S = 60.0
"""How long the start may wait in all. What serves already recovers without a limit."""
FIRST_PAUSE_S, LAST_PAUSE_S = 0.2, 3.0


class Patience:
    """What one start may wait: until the time is over, or the command is to stop."""

    def __init__(self, note: Callable[[str], None], stop: asyncio.Event) -> None:
        """`note` tells the person what is waited for."""
        self._note, self._stop = note, stop
        self._until: float | None = None
        self._told = ""

    async def enter(
        self, stack: AsyncExitStack, make: Callable[[], AbstractAsyncContextManager[T]]
    ) -> T:
        """Open something on the stack, as `attempt` does."""
        return await self.attempt(lambda: stack.enter_async_context(make()))

    async def attempt(self, do: Callable[[], Awaitable[T]]) -> T:
        """Do something, again and again while its error may pass.

        Raises:
            HarnessError: It cannot be done, or not in time.
        """
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await do()
            except HarnessError as error:
                self._check(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
            pause = min(2 * pause, LAST_PAUSE_S)

    def _check(self, error: HarnessError) -> None:
        """Raise the error if waiting would not help; otherwise tell of it once."""
        now = time.monotonic()
        self._until = self._until or now + PATIENCE_S
        if not error.retryable or self._stop.is_set() or now > self._until:
            raise error
        if error.message != self._told:
            self._told = error.message
            self._note(f"{error.message} Trying again for {self._until - now:.0f} s.")
