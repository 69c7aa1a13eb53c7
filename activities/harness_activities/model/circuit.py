"""A circuit breaker per provider and process: who keeps failing is left alone for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from harness.contracts.errors import ProviderError

FAILURES = 5
REST_SECONDS = 15.0
COUNTED = frozenset(
    f"provider.{name}" for name in ("server", "overloaded", "network", "timeout", "cut_stream")
)
"""What says that the provider, rather than the request or the account, is in trouble."""


@dataclass
class Circuit:
    """Closed: calls pass. Open: they fail at once. After a rest one call probes."""

    provider: str
    clock: Callable[[], float] = field(default=monotonic)
    _failures: int = 0
    _open_until: float = 0.0
    _probing: bool = False

    def enter(self) -> None:
        """Raise circuit_open unless a call may be made now."""
        if self._failures < FAILURES:
            return
        left = self._open_until - self.clock()
        if left <= 0 and not self._probing:
            self._probing = True
            return
        raise ProviderError(
            "circuit_open",
            f"{self.provider} failed {self._failures} times in a row: no call is made to it "
            f"for {max(left, 1.0):.0f} s.",
            retry_after=max(left, 1.0),
        )

    def succeeded(self) -> None:
        self._failures = 0
        self._probing = False

    def failed(self, error: ProviderError) -> None:
        self._probing = False
        if error.code not in COUNTED:
            self._failures = 0  # it answered: it is up
            return
        self._failures += 1
        if self._failures >= FAILURES:
            self._open_until = self.clock() + REST_SECONDS

    def left(self) -> None:
        """The call was cancelled: it proved nothing."""
        self._probing = False
