"""A WebSocket that sends a stream's events and takes commands, each answered once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from harness.api.body import first_problem
from harness.api.caller import Caller
from harness.api.client_socket import ClientSocket
from harness.api.context import ApiContext
from harness.api.event_stream import with_end
from harness.api.problems import Problem, describe_error
from harness.api.stream_event import END, StreamEvent
from harness.contracts.errors import HarnessError, InvalidRequest


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
        self._socket = ClientSocket(socket, context, caller)

    async def run(self, source: AsyncGenerator[StreamEvent], obey: Obey) -> None:
        """Send the source's events and obey commands, until the client leaves, loses access or the
        source ends."""
        await self._socket.accept()
        async with aclosing(source):
            await self._socket.run(self._send_events(source), self._take_commands(obey))

    async def _send_events(self, source: AsyncGenerator[StreamEvent]) -> None:
        async for event in with_end(source, END):
            await self._socket.send(event.as_message())

    async def _take_commands(self, obey: Obey) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                answer = await _answer(await self._socket.receive(), obey)
                await self._socket.send(answer.model_dump_json(exclude_none=True))


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
