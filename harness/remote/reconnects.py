"""When a stream of a daemon that was lost is opened again, and when it is given up."""

from __future__ import annotations

import asyncio
import time

from harness.contracts.errors import DaemonUnreachable, HarnessError

FIRST_PAUSE_S, LAST_PAUSE_S = 0.2, 5.0
PATIENCE_S = 120.0
"""How long a daemon may be away before a reader gives up."""


class Reconnects:
    """The attempts of one reader. The pauses between them grow while nothing arrives."""

    def __init__(self) -> None:
        self._heard: float | None = None
        """When something last arrived."""
        self._heard_before: float | None = None
        self._pause = FIRST_PAUSE_S

    def note_arrival(self) -> None:
        """Something arrived."""
        self._heard = time.monotonic()

    def check(self, error: HarnessError) -> None:
        """Raise the error if it will not pass, or if the daemon never answered or was away for
        long."""
        if not (isinstance(error, DaemonUnreachable) or error.retryable):
            raise error
        if self._heard is None or time.monotonic() - self._heard > PATIENCE_S:
            raise error

    async def wait(self) -> None:
        """Wait before the next attempt."""
        silent = self._heard == self._heard_before
        self._pause = min(2 * self._pause, LAST_PAUSE_S) if silent else FIRST_PAUSE_S
        self._heard_before = self._heard
        await asyncio.sleep(self._pause)
