"""A circuit breaker per provider and process: one that keeps failing is not called for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from harness.contracts.errors import (
    CircuitOpen,
    ProviderError,
    ProviderOverloaded,
    ProviderServerError,
    ProviderTimeout,
    ProviderUnreachable,
    StreamInterrupted,
)

FAILURES = 5
REST_SECONDS = 15.0
COUNTED = (
    ProviderServerError,
    ProviderOverloaded,
    ProviderUnreachable,
    ProviderTimeout,
    StreamInterrupted,
)
"""Errors caused by the provider, rather than by the request or the account."""


@dataclass
class Circuit:
    """Closed: calls pass. Open: they fail immediately. After a rest one call probes."""

    provider: str
    clock: Callable[[], float] = field(default=monotonic)
    _failures: int = 0
    _open_until: float = 0.0
    _last: str = ""
    """Message of the last failure."""
    _probing: bool = False
    _probed: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait_to_enter(self) -> bool:
        """Wait until a call may be made: for the rest, and for the call that probes after it.
        Raises CircuitOpen if that call fails too. Returns what `begin_call` does."""
        if self._failures >= FAILURES:
            await asyncio.sleep(max(0.0, self._open_until - self.clock()))
        if self._failures >= FAILURES and self._probing:
            with suppress(TimeoutError):
                async with asyncio.timeout(REST_SECONDS):
                    await self._probed.wait()
        return self.begin_call()

    def begin_call(self) -> bool:
        """Raise CircuitOpen unless a call may be made now. Returns whether the call probes; once it
        is over, `leave` must be told."""
        if self._failures < FAILURES:
            return False
        left = self._open_until - self.clock()
        if left <= 0 and not self._probing:
            self._probing = True
            self._probed.clear()
            return True
        raise CircuitOpen(
            f"{self.provider} failed {self._failures} times in a row and is not called for "
            f"{max(left, 1.0):.0f} s. The last failure: {self._last}",
            retry_after=max(left, 1.0),
        )

    def leave(self, probes: bool) -> None:
        """Note that a call is over, whatever came of it. Calls that began before the circuit opened
        may end while another one probes: they leave it alone."""
        if probes:
            self._probing = False
            self._probed.set()

    def record_success(self) -> None:
        self._failures = 0

    def record_failure(self, error: ProviderError) -> None:
        if not isinstance(error, COUNTED):
            self._failures = 0  # it answered, so it is up
            return
        self._failures += 1
        self._last = error.message
        if self._failures >= FAILURES:
            self._open_until = self.clock() + REST_SECONDS
