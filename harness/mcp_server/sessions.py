"""The sessions of MCP clients over HTTP: each API token has its own.

A session id is a secret of the client that opened it, but ids end up in logs. So each token has a
manager of its own: another token's session id is unknown to it, whoever learns it. When the token
is revoked, its manager ends, and with it all of its sessions and streams.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from starlette.types import Message, Receive, Scope, Send

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.event_stream import until_first
from harness.contracts.errors import NotSignedIn, ServerFault

if TYPE_CHECKING:
    from mcp.server import Server

MOST_SESSIONS = 100
"""Sessions of one token."""
IDLE_S = 30 * 60.0
"""After this long without a request, a session ends, and the client opens another one."""
SPARE_S = 60.0


class McpSessions:
    """The sessions of all callers in one daemon."""

    def __init__(self, context: ApiContext, make_server: Callable[[], Server[Any]]) -> None:
        self._context = context
        self._make_server = make_server
        self._callers: dict[Caller, TokenSessions] = {}

    async def open(self, caller: Caller) -> TokenSessions:
        """The sessions of a caller's token; none from before its role changed."""
        sessions = self._callers.get(caller)
        if sessions is None or sessions.has_ended():
            sessions = TokenSessions(self._context, caller, self._make_server())
            self._callers[caller] = sessions
            sessions.task.add_done_callback(lambda _: self._forget_ended(caller))
        await sessions.ready.wait()
        return sessions

    def _forget_ended(self, caller: Caller) -> None:
        if caller in self._callers and self._callers[caller].has_ended():
            del self._callers[caller]

    async def close(self) -> None:
        """End all sessions."""
        tasks = [each.task for each in self._callers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class TokenSessions:
    """The sessions of one token: they end with it, or when they are not used."""

    def __init__(self, context: ApiContext, caller: Caller, server: Server[Any]) -> None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        self._manager = StreamableHTTPSessionManager(
            server,
            session_idle_timeout=IDLE_S,
            max_sessions=MOST_SESSIONS,
            max_request_body_size=context.settings.max_body_bytes,
        )
        self._revoked = context.wait_revoked(caller)
        self._requests = 0
        self._unused = asyncio.timeout(IDLE_S + SPARE_S)
        self.ready = asyncio.Event()
        self.over = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            async with self._manager.run():
                try:
                    async with self._unused:
                        self.ready.set()
                        await self._revoked
                except TimeoutError:
                    pass  # its sessions have ended already
                finally:
                    self.over.set()
        finally:
            self.over.set()
            self.ready.set()

    def has_ended(self) -> bool:
        """Whether the token was revoked, or not used for long."""
        return self.over.is_set() or self._unused.expired()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, until it is answered, or the token is revoked."""
        answer = _Answer(send)
        with self._in_use():
            await until_first(
                self._manager.handle_request(scope, receive, answer.send),
                _wait_set(self.over),
            )
        if not answer.begun:
            if self.over.is_set():
                raise NotSignedIn("The token was revoked.")
            raise ServerFault("The daemon failed.")  # until_first has logged why
        await answer.finish()

    @contextmanager
    def _in_use(self) -> Generator[None]:
        self._requests += 1
        self._reschedule(None)
        try:
            yield
        finally:
            self._requests -= 1
            if not self._requests:
                self._reschedule(asyncio.get_running_loop().time() + IDLE_S + SPARE_S)

    def _reschedule(self, when: float | None) -> None:
        if not self.has_ended():
            self._unused.reschedule(when)


class _Answer:
    """Sends an answer, and ends one that was cut short."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self._whole = False

    async def send(self, message: Message) -> None:
        self.begun = True
        self._whole = message["type"] == "http.response.body" and not message.get("more_body")
        await self._send(message)

    async def finish(self) -> None:
        """End the answer, if it has not ended."""
        if not self._whole:
            with suppress(OSError):
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def _wait_set(event: asyncio.Event) -> None:
    await event.wait()
