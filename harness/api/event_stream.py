"""A response that streams server-sent events until they end, the reader leaves or loses access.

Not `fastapi.sse`, which builds a model for each event and starts the answer before the first one is
known: an unknown run must be a problem document.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.problems import describe_error
from harness.api.stream_event import END, StreamEvent
from harness.commons.log import get_logger
from harness.contracts.errors import HarnessError

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold events back
}
GONE = (TimeoutError, OSError, WebSocketDisconnect)
"""How a reader that has left shows."""
HEARTBEAT = b": still here\n\n"

log = get_logger(__name__)


class EventStream(Response):
    """Streams `source`, then its `end` event, if it has one."""

    end: ClassVar[StreamEvent | None] = END

    def __init__(
        self, context: ApiContext, caller: Caller, source: AsyncGenerator[StreamEvent]
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._context = context
        self._caller = caller
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        writer = _Writer(send, self._context.settings.slow_seconds)
        async with aclosing(self._source):
            await until_first(
                self._write_events(writer),
                wait_disconnected(receive),
                self._context.wait_revoked(self._caller),
                self._context.parts.wait_closing(),
                writer.keep_alive(self._context.settings.heartbeat_seconds),
            )
        with suppress(TimeoutError, OSError):
            await writer.finish()

    async def _write_events(self, writer: _Writer) -> None:
        async for event in with_end(self._source, self.end):
            await writer.write(event.as_sse())


class BareStream(EventStream):
    """A stream of another protocol, which has its own end."""

    end = None


async def until_first(*parts: Coroutine[Any, Any, None]) -> None:
    """Run all parts until one ends, then cancel the others. A part that fails ends too, and is
    logged."""
    tasks = {asyncio.create_task(part) for part in parts}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception) and not isinstance(ended, GONE):
                log.error("a stream failed", exc_info=ended)


async def with_end(
    source: AsyncGenerator[StreamEvent], end: StreamEvent | None
) -> AsyncGenerator[StreamEvent]:
    """Yield the events of a source, then `end`; if it fails, an `error` event instead, and the
    reader resumes with its last cursor."""
    try:
        async for event in source:
            yield event
    except HarnessError as error:
        problem = describe_error(error).model_dump_json(exclude_none=True)
        yield StreamEvent("error", problem.encode())
    else:
        if end is not None:
            yield end


class _Writer:
    """Writes to one reader, who has to accept each chunk in time."""

    def __init__(self, send: Send, slow_s: float) -> None:
        self._send = send
        self._slow_s = slow_s
        self._last = time.monotonic()
        self._lock = asyncio.Lock()

    async def write(self, chunk: bytes) -> None:
        async with self._lock:
            async with asyncio.timeout(self._slow_s):
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            self._last = time.monotonic()

    async def keep_alive(self, every_s: float) -> None:
        while True:
            quiet = time.monotonic() - self._last
            if quiet >= every_s:
                await self.write(HEARTBEAT)
                quiet = 0.0
            await asyncio.sleep(every_s - quiet)

    async def finish(self) -> None:
        async with asyncio.timeout(self._slow_s):
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def wait_disconnected(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
