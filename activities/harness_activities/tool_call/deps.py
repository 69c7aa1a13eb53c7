"""What an agent's tools share in one worker: made at the first call, closed at the end."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from concurrent.futures import Executor
from typing import Any, cast

from harness_activities.tool_call.host import invoke_function


class Deps:
    def __init__(self, given: Any, pool: Executor) -> None:
        """`given` is the value itself, or a function or class that makes it."""
        self._is_made = not (inspect.isroutine(given) or inspect.isclass(given))
        self._given = given
        self._pool = pool
        self._lock = asyncio.Lock()
        self._stack = contextlib.AsyncExitStack()

    async def get_deps(self) -> Any:
        if not self._is_made:
            async with self._lock:
                if not self._is_made:
                    self._given = await self._make_deps()
                    self._is_made = True
        return self._given

    async def close(self) -> None:
        await self._stack.aclose()

    async def _make_deps(self) -> Any:
        made = await invoke_function(self._pool, self._given)
        if isinstance(made, contextlib.AbstractAsyncContextManager):
            manager = cast("contextlib.AbstractAsyncContextManager[Any]", made)
            return await self._stack.enter_async_context(manager)
        return made
