"""Bounds how many costly requests of one kind a daemon carries out at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from harness.api.caller import Caller
from harness.contracts.errors import TooManyCalls


class Slots:
    """The slots of one kind: a subclass, which is a part of the daemon."""

    what = "requests"
    most = 16
    """Of all users together."""
    most_each = 4
    """Of one user."""

    def __init__(self) -> None:
        self._taken = Counter[str]()

    @contextmanager
    def take(self, caller: Caller) -> Generator[None]:
        """Take a slot.

        Raises:
            TooManyCalls: None is free.
        """
        if self._taken[caller.user] >= self.most_each or self._taken.total() >= self.most:
            raise TooManyCalls(f"Too many {self.what} are in progress.")
        self._taken[caller.user] += 1
        try:
            yield
        finally:
            self._taken[caller.user] -= 1
            if not self._taken[caller.user]:
                del self._taken[caller.user]

    async def close(self) -> None:
        """Nothing to end: the requests end by themselves."""
