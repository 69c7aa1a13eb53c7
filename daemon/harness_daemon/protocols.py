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

HEADER_S = 10.0
"""How long the head of a request may take to arrive."""


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, and how long a client may accept nothing."""

    def __init__(self, app: ASGIApp, slow_seconds: float, **options: Any) -> None:
        super().__init__(app, **options)
        self.slow_seconds = slow_seconds


class SlowReader:
    """Aborts the connection of a client that accepts nothing. Closing it would first wait for what
    is unsent, and neither asyncio nor uvicorn bounds that."""

    def __init__(self, transport: asyncio.Transport, config: uvicorn.Config) -> None:
        assert isinstance(config, ServerConfig)
        self._transport, self._slow_s = transport, config.slow_seconds
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
        connection: socket.socket | None = self._transport.get_extra_info("socket")
        if connection is not None:  # a reset, or the kernel would keep up to 4 MB for minutes
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class BoundedHttp(HttpToolsProtocol):
    """Closes a connection whose request does not arrive, too. uvicorn bounds only the time between
    two requests, so idle connections could use up all file descriptors without signing in."""

    _waiting: asyncio.TimerHandle | None = None
    _slow: SlowReader

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._slow = SlowReader(transport, self.config)
        self._wait_for_head()

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
        self._stop_waiting()
        self._wait_for_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        self._waiting = self.loop.call_later(HEADER_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class BoundedSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose client has to accept what is sent."""

    _slow: SlowReader

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
