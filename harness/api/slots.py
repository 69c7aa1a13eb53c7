"""Bounds how many costly requests of one kind a daemon carries out at once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic

from harness.api.caller import Caller
from harness.contracts.errors import TooManyCalls

MINUTE = 60.0


class Slots:
    """The slots of one kind: a subclass, which is a part of the daemon."""

    what = "requests"
    most = 16
    """Of all users together."""
    most_each = 4
    """Of one user."""

    each_per_minute: int | None = None
    """How many one user may begin in a minute."""

    def __init__(self) -> None:
        self._taken = Counter[str]()
        self._begun = dict[str, deque[float]]()

    @contextmanager
    def take(self, caller: Caller) -> Generator[None]:
        """Take a slot.

        Raises:
            TooManyCalls: None is free.
        """
        if self._taken[caller.user] >= self.most_each or self._taken.total() >= self.most:
            raise TooManyCalls(f"Too many {self.what} are in progress.", retry_after=1.0)
        self._check_rate(caller.user)
        self._taken[caller.user] += 1
        try:
            yield
        finally:
            self._taken[caller.user] -= 1
            if not self._taken[caller.user]:
                del self._taken[caller.user]

    def _check_rate(self, user: str) -> None:
        if self.each_per_minute is None:
            return
        now = monotonic()
        for each, times in list(self._begun.items()):
            while times and times[0] < now - MINUTE:
                times.popleft()
            if not times:
                del self._begun[each]
        times = self._begun.setdefault(user, deque())
        if len(times) >= self.each_per_minute:
            raise TooManyCalls(
                f"A user may begin {self.each_per_minute} {self.what} per minute.",
                retry_after=round(times[0] + MINUTE - now, 1),
            )
        times.append(now)

    async def close(self) -> None:
        """Nothing to end: the requests end by themselves."""
