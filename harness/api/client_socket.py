"""One client's WebSocket: what bounds it, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.event_stream import until_first

CLOSE_DONE = 1000
CLOSE_LOST_ACCESS = 1008
CLOSE_RESTART = 1012
"""Clients resume elsewhere."""
CLOSE_TRY_LATER = 1013


class ClientSocket:
    """Sends and receives messages for as long as the client may, reads, and the daemon serves."""

    def __init__(self, socket: WebSocket, context: ApiContext, caller: Caller) -> None:
        self._socket = socket
        self._context = context
        self._caller = caller
        self._lock = asyncio.Lock()

    async def run(self, *parts: Coroutine[Any, Any, None]) -> None:
        """Run all parts until one ends, the client leaves or loses access, or the daemon stops."""
        await until_first(*parts, self._close_when_revoked(), self._close_with_daemon())
        await self._close(CLOSE_DONE)

    async def accept(self) -> None:
        """Begin."""
        await self._socket.accept()

    @property
    def is_in_browser(self) -> bool:
        """Whether a page has opened it: pages cannot read why a handshake was refused."""
        return "origin" in self._socket.headers

    async def refuse(self, why: str) -> None:
        """Accept the socket only to say why it is closed.

        Args:
            why: At most 123 bytes.
        """
        await self._socket.accept()
        await self._close(CLOSE_TRY_LATER, why)

    async def receive(self) -> str | bytes:
        """The next message.

        Raises:
            WebSocketDisconnect: The client has left.
        """
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        text = message.get("text")
        return message["bytes"] if text is None else text

    async def send(self, text: str) -> None:
        """Send a message, one at a time and in the order in which they were to be sent.

        Raises:
            TimeoutError: The client accepts nothing.
        """
        async with self._lock, asyncio.timeout(self._context.settings.slow_seconds):
            await self._socket.send_text(text)

    async def _close_when_revoked(self) -> None:
        await self._context.wait_revoked(self._caller)
        await self._close(CLOSE_LOST_ACCESS, "access was revoked")

    async def _close_with_daemon(self) -> None:
        await self._context.parts.wait_closing()
        await self._close(CLOSE_RESTART, "the daemon stops")

    async def _close(self, code: int, reason: str | None = None) -> None:
        with suppress(RuntimeError, WebSocketDisconnect):  # closed already
            await self._socket.close(code, reason)
