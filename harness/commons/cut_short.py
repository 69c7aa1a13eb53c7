"""Cancel a block of code when something it depends on fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def cut_short(watch: Coroutine[Any, Any, Exception]) -> AsyncGenerator[None]:
    """Run the block; once `watch` returns an error, cancel the block and raise that error.

    Other cancellations are passed on.
    """
    block = asyncio.current_task()
    assert block is not None
    watching = asyncio.create_task(watch)
    cut = False

    def end(_: asyncio.Task[Exception]) -> None:
        nonlocal cut
        if not watching.cancelled():
            cut = True
            block.cancel()

    watching.add_done_callback(end)
    try:
        yield
    except BaseException:
        if cut and block.uncancel() == 0:
            raise watching.result() from None
        raise
    else:
        if cut and block.uncancel() == 0:  # the block ignored the cancellation
            raise watching.result()
    finally:
        watching.remove_done_callback(end)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
