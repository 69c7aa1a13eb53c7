"""Reads that callers at the same time share, without ever getting an old answer.

A caller may only use a read that begins after it asked: one that was already under way may have
missed what the caller knows of. So of those who ask during a read, all share the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class SharedReads(Generic[T]):
    """At most one read of each key is under way, and one more is wanted."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[T]] = {}
        self._wanted: dict[Hashable, asyncio.Task[T]] = {}

    async def read(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what `ask` answers. Everyone who reads the same key must ask the same.

        Args:
            key: What is read.
            ask: Reads it; it goes on if its callers are cancelled.

        Returns:
            The answer to a read that began after this call.
        """
        task = self._wanted.get(key)
        if task is None:
            running = self._running.get(key)
            task = asyncio.create_task(self._ask(key, ask, running))
            kept = self._running if running is None else self._wanted
            kept[key] = task
            task.add_done_callback(_note_failure)
        return await asyncio.shield(task)

    async def _ask(
        self, key: Hashable, ask: Callable[[], Awaitable[T]], before: asyncio.Task[T] | None
    ) -> T:
        own = cast("asyncio.Task[T]", asyncio.current_task())
        if before is not None:
            await asyncio.wait([before])
            self._running[key] = self._wanted.pop(key)
        try:
            return await ask()
        finally:
            if self._running.get(key) is own:
                del self._running[key]


def _note_failure(task: asyncio.Task[Any]) -> None:
    """All who asked may have left: then nobody else looks at the error."""
    if not task.cancelled():
        task.exception()
