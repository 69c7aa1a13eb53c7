"""Callers take turns, so that many calls of one run delay another run by one call only."""

from __future__ import annotations

from collections import deque
from contextvars import ContextVar
from typing import Generic, TypeVar

from harness.contracts.errors import ToolUnavailable

T = TypeVar("T")

MAX_WAITING = 256
MAX_OF_CALLER = 64

caller: ContextVar[str] = ContextVar("caller", default="")
"""The run that the current task works for."""


class Turns(Generic[T]):
    """A bounded queue for each caller, served in turns. Not thread-safe."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[T]] = {}
        """The next caller comes first."""
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, who: str, item: T) -> None:
        queue = self._queues.get(who, deque())
        if len(queue) >= MAX_OF_CALLER or self._count >= MAX_WAITING:
            raise ToolUnavailable(
                f"{len(queue)} calls of this run and {self._count} in all already wait for a child "
                f"process; the limits are {MAX_OF_CALLER} and {MAX_WAITING}.",
            )
        queue.append(item)
        self._queues[who] = queue
        self._count += 1

    def take(self) -> T:
        who = next(iter(self._queues))
        queue = self._queues.pop(who)
        item = queue.popleft()
        if queue:
            self._queues[who] = queue
        self._count -= 1
        return item
