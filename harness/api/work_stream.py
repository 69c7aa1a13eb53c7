"""Long work as a stream of events: its progress, then its result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

from pydantic import BaseModel

from harness.api.stream_event import StreamEvent
from harness.contracts.base import Word

Report = Callable[[StreamEvent], None]
"""Sends an event of the work to its reader."""


class Progress(Word):
    """How far the work has come."""

    done: int
    """How many of its items are done."""


def wants_events(accept: str | None) -> bool:
    """Whether a request asks for events, by its header `Accept`."""
    kinds = (each.partition(";")[0].strip().lower() for each in (accept or "").split(","))
    return "text/event-stream" in kinds


def count_progress(report: Report) -> Callable[[int], None]:
    """Report a number of items as a `progress` event."""
    return lambda done: report(write_event("progress", Progress(done=done)))


def write_event(kind: str, data: BaseModel) -> StreamEvent:
    """An event with a model as its data."""
    return StreamEvent(kind, data.model_dump_json(exclude_none=True).encode())


async def stream_work(
    work: Callable[[Report], Awaitable[BaseModel]],
) -> AsyncGenerator[StreamEvent]:
    """Run the work, and yield what it reports, then its result as a `result` event. The work is
    cancelled, and awaited, when the stream is closed before."""
    reported = asyncio.Queue[StreamEvent | None]()

    async def run_work() -> BaseModel:
        try:
            return await work(reported.put_nowait)
        finally:
            reported.put_nowait(None)

    working = asyncio.create_task(run_work())
    try:
        while (event := await reported.get()) is not None:
            yield event
        yield write_event("result", await working)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait({working})
