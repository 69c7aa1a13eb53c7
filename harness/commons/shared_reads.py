"""Reads that callers at the same time share, without ever getting an old answer.

A caller may only use a read that begins after it asked: one that was already under way may have
missed what the caller knows of. So of those who ask during a read, all share the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


@dataclass(eq=False)
class _Read(Generic[T]):
    task: asyncio.Task[T]
    callers: int = 0


class SharedReads(Generic[T]):
    """At most one read of each key is under way, and one more is wanted."""

    def __init__(self) -> None:
        self._running: dict[Hashable, _Read[T]] = {}
        self._wanted: dict[Hashable, _Read[T]] = {}

    async def read(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what `ask` answers. Everyone who reads the same key must ask the same.

        Args:
            key: What is read.
            ask: Reads it; it goes on while any of its callers waits, and is cancelled with the
                last of them.

        Returns:
            The answer to a read that began after this call.
        """
        shared = self._wanted.get(key) or self._begin(key, ask)
        shared.callers += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.callers -= 1
            if not shared.callers and not shared.task.done():
                if self._wanted.get(key) is shared:
                    del self._wanted[key]  # nobody may join it
                shared.task.cancel()

    def _begin(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> _Read[T]:
        running = self._running.get(key)
        task = asyncio.create_task(self._ask(key, ask, running.task if running else None))
        shared = _Read(task)
        (self._wanted if running else self._running)[key] = shared

        def forget(ended: asyncio.Task[T]) -> None:  # also one that was cancelled before it began
            self._drop(key, ended)
            _note_failure(ended)

        task.add_done_callback(forget)
        return shared

    async def _ask(
        self, key: Hashable, ask: Callable[[], Awaitable[T]], before: asyncio.Task[T] | None
    ) -> T:
        if before is not None:
            await asyncio.wait([before])
            self._running[key] = self._wanted.pop(key)
        try:
            return await ask()
        finally:
            self._drop(key, cast("asyncio.Task[T]", asyncio.current_task()))

    def _drop(self, key: Hashable, ended: asyncio.Task[T]) -> None:
        running = self._running.get(key)
        if running is not None and running.task is ended:
            del self._running[key]


def _note_failure(task: asyncio.Task[Any]) -> None:
    """All who asked may have left: then nobody else looks at the error."""
    if not task.cancelled():
        task.exception()
