"""A WebSocket that sends a stream's events and takes commands, each answered once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from harness.api.body import first_problem
from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.event_stream import until_first, with_end
from harness.api.problems import Problem, describe_error
from harness.api.stream_event import END, StreamEvent
from harness.contracts.errors import HarnessError, InvalidRequest

CLOSE_DONE = 1000
CLOSE_LOST_ACCESS = 1008
CLOSE_RESTART = 1012
"""Clients resume elsewhere."""


class SocketCommand(BaseModel):
    """A command as a client sends it; its other fields depend on `command`."""

    model_config = ConfigDict(extra="allow")

    command: str
    id: str | None = None
    """Repeated in the answer."""


class SocketAnswer(BaseModel):
    """The answer to a command."""

    event: str = "answer"
    id: str | None = None
    ok: bool
    problem: Problem | None = None


Obey = Callable[[SocketCommand], Awaitable[None]]


class EventSocket:
    """One client's socket."""

    def __init__(self, socket: WebSocket, context: ApiContext, caller: Caller) -> None:
        self._socket = socket
        self._context = context
        self._caller = caller
        self._lock = asyncio.Lock()

    async def run(self, source: AsyncGenerator[StreamEvent], obey: Obey) -> None:
        """Send the source's events and obey commands, until the client leaves, loses access or the
        source ends."""
        await self._socket.accept()
        async with aclosing(source):
            await until_first(
                self._send_events(source),
                self._take_commands(obey),
                self._close_when_revoked(),
                self._close_with_daemon(),
            )
        with suppress(RuntimeError, WebSocketDisconnect):  # closed already
            await self._socket.close(CLOSE_DONE)

    async def _send_events(self, source: AsyncGenerator[StreamEvent]) -> None:
        async for event in with_end(source, END):
            await self._send(event.as_message())

    async def _take_commands(self, obey: Obey) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                answer = await _answer(await self._receive(), obey)
                await self._send(answer.model_dump_json(exclude_none=True))

    async def _receive(self) -> str | bytes:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        text = message.get("text")
        return message["bytes"] if text is None else text

    async def _close_when_revoked(self) -> None:
        await self._context.wait_revoked(self._caller)
        await self._socket.close(CLOSE_LOST_ACCESS, "access was revoked")

    async def _close_with_daemon(self) -> None:
        await self._context.parts.wait_closing()
        await self._socket.close(CLOSE_RESTART, "the daemon stops")

    async def _send(self, text: str) -> None:
        async with self._lock, asyncio.timeout(self._context.settings.slow_seconds):
            await self._socket.send_text(text)


async def _answer(sent: str | bytes, obey: Obey) -> SocketAnswer:
    id = None
    try:
        command = _parse_command(sent)
        id = command.id
        await obey(command)
    except HarnessError as error:
        return SocketAnswer(id=id, ok=False, problem=describe_error(error))
    return SocketAnswer(id=id, ok=True)


def _parse_command(sent: str | bytes) -> SocketCommand:
    if isinstance(sent, bytes):
        raise InvalidRequest("A command is a text message, not a binary one.")
    try:
        return SocketCommand.model_validate_json(sent)
    except ValidationError as error:
        raise first_problem(error) from None
