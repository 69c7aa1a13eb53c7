"""What uvicorn's protocols lack: bounds on clients that send or accept nothing."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from harness.api.counts import Counts

HEADER_S = 10.0
"""How long the head of a request may take to arrive."""
MAX_HEAD = 64_000
"""Bytes of a request's head."""
MAX_HEADERS = 100


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, and how long a client may accept or send nothing."""

    def __init__(
        self,
        app: ASGIApp,
        slow_seconds: float,
        body_seconds: float,
        counts: Counts,
        **options: Any,
    ) -> None:
        super().__init__(app, **options)
        self.slow_seconds = slow_seconds
        self.body_seconds = body_seconds
        self.counts = counts


class SlowReader:
    """Aborts the connection of a client that accepts nothing. Closing it would first wait for what
    is unsent, and neither asyncio nor uvicorn bounds that."""

    def __init__(self, transport: asyncio.Transport, config: uvicorn.Config) -> None:
        assert isinstance(config, ServerConfig)
        self._transport, self._slow_s = transport, config.slow_seconds
        self._counts = config.counts
        self._blocked: asyncio.TimerHandle | None = None

    def block(self) -> None:
        """The transport's buffer is full."""
        loop = asyncio.get_running_loop()
        self._blocked = loop.call_later(self._slow_s, self._drop)

    def unblock(self) -> None:
        """The client accepted something, or is gone."""
        if self._blocked is not None:
            self._blocked.cancel()
            self._blocked = None

    def _drop(self) -> None:
        self._counts.dropped_readers += 1
        connection: socket.socket | None = self._transport.get_extra_info("socket")
        if connection is not None:  # a reset, or the kernel would keep up to 4 MB for minutes
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class BoundedHttp(HttpToolsProtocol):
    """Closes a connection whose request does not arrive, too. uvicorn bounds only the time between
    two requests, so idle connections could use up all file descriptors without signing in."""

    _waiting: asyncio.TimerHandle | None = None
    _slow: SlowReader
    _in_head = True
    _head = 0
    """Bytes of the head that arrived."""
    _headers = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._slow = SlowReader(transport, self.config)
        self._wait(HEADER_S)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head += len(data)
            if self._head > MAX_HEAD:  # one header that does not end
                self.send_400_response("The head of the request is too large.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._slow.unblock()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        self._slow.block()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._slow.unblock()
        super().resume_writing()

    def on_message_begin(self) -> None:
        self._in_head, self._head, self._headers = True, 0, 0
        self._wait(HEADER_S)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._check_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += 1
        self._check_head(len(name) + len(value))
        super().on_header(name, value.strip(b" \t"))  # llhttp leaves what follows a value

    def on_headers_complete(self) -> None:
        self._in_head = False
        # Also of a request that was answered already: its client may keep the connection, and send
        # no more of its body.
        self._wait(2 * self._body_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop_waiting()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._stop_waiting()
        super().handle_websocket_upgrade()

    @property
    def _body_seconds(self) -> float:
        assert isinstance(self.config, ServerConfig)
        return self.config.body_seconds

    def _check_head(self, size: int) -> None:
        """uvicorn answers an error in here with 400, and closes the connection."""
        self._head += size
        if self._head > MAX_HEAD or self._headers > MAX_HEADERS:
            raise ValueError("the head of the request is too large")

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._waiting = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class BoundedSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose client has to accept what is sent."""

    _slow: SlowReader

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            # uvicorn would log that no answer was sent to the handshake.
            self.handshake_complete = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._slow = SlowReader(self.transport, self.config)

    def connection_lost(self, exc: Exception | None) -> None:
        self._slow.unblock()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        self._slow.block()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._slow.unblock()
        super().resume_writing()
