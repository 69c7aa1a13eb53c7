"""Work for one client, which it may leave before it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.event_stream import wait_disconnected
from harness.contracts.errors import NotSignedIn

ResultT = TypeVar("ResultT")


async def finish_while_connected(
    work: Coroutine[Any, Any, ResultT],
    context: ApiContext,
    caller: Caller,
    receive: Receive,
    *,
    seconds: float | None = None,
    otherwise: str = "",
) -> ResultT | None:
    """The result of the work; None if the client leaves or the seconds pass before. `otherwise`:
    what a client reads in addition if its token is revoked.

    Raises:
        NotSignedIn: The caller's token was revoked meanwhile.
    """
    working = asyncio.create_task(work)
    revoked = asyncio.create_task(context.wait_revoked(caller))
    leaving = asyncio.create_task(wait_disconnected(receive))
    tasks = (working, revoked, leaving)
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if revoked.done():
            raise NotSignedIn(f"The token was revoked. {otherwise}".rstrip())
        return working.result() if working.done() else None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
