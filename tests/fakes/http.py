"""The HTTP under the fake model server: HTTP/1.1 with keep-alive and chunked answers, by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many"}


class Exchange:
    """One request and the answer that is being written to it."""

    def __init__(self, connection: Connection, method: str, path: str, headers: dict[str, str]):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = b""
        self.sent = 0
        """Bytes of the body that were written."""
        self._connection = connection

    @property
    def gone(self) -> bool:
        return self._connection.transport.is_closing()

    def answer(self, status: int, content_type: str, body: bytes, headers: dict[str, str]) -> None:
        extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = (
            f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}\r\ncontent-type: {content_type}\r\n"
            f"content-length: {len(body)}\r\n{extra}\r\n"
        )
        self.sent += len(body)
        self._connection.transport.write(head.encode() + body)

    async def drained(self) -> None:
        """Until the other side has taken most of what was written."""
        await self._connection.writable.wait()

    def begin(
        self, headers: dict[str, str], status: int = 200, content_type: str = "text/event-stream"
    ) -> None:
        extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._connection.transport.write(
            f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}\r\n"
            f"content-type: {content_type}\r\n"
            f"transfer-encoding: chunked\r\n{extra}\r\n".encode()
        )

    def chunk(self, data: bytes) -> None:
        if not data:
            return  # an empty chunk ends the body
        self.sent += len(data)
        self._connection.transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> None:
        self._connection.transport.write(b"0\r\n\r\n")

    def drop(self) -> None:
        """Close the connection in the middle of the answer."""
        self._connection.transport.close()


Handler = Callable[[Exchange], Awaitable[None]]


class Connection(asyncio.Protocol):
    """Parses requests one after the other; the next waits until the answer to the last is out."""

    transport: asyncio.Transport

    def __init__(self, handler: Handler, open_: set[Connection]) -> None:
        self._handler = handler
        self._open = open_
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self.writable = asyncio.Event()
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._task is None:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)
        if self._task is not None:
            self._task.cancel()

    def _next(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        pairs = (line.partition(":") for line in lines[1:])
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        size = int(headers.get("content-length", 0))
        if len(self._buffer) < end + 4 + size:
            return
        exchange = Exchange(self, method, path, headers)
        exchange.body = bytes(self._buffer[end + 4 : end + 4 + size])
        del self._buffer[: end + 4 + size]
        self._task = asyncio.ensure_future(self._handler(exchange))
        self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            self.transport.close()
            return
        if error := task.exception():
            self.transport.close()
            asyncio.get_running_loop().call_exception_handler(
                {"message": "the fake model server failed", "exception": error}
            )
            return
        if not self.transport.is_closing():
            self._next()
