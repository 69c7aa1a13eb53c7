"""One client's live socket: any number of topics on one connection.

Each topic has a task that holds one message at a time until it is sent, so a client that reads
slowly fills no memory; the tasks take turns, so a topic with much to send does not hold up the
others. Events that are ready at the same time share a message: each message costs the daemon and a
browser more than an event does.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing, suppress
from typing import Literal

from pydantic import Field, ValidationError
from starlette.websockets import WebSocketDisconnect

from harness.api.body import Body, first_problem
from harness.api.caller import Caller
from harness.api.client_socket import ClientSocket
from harness.api.context import ApiContext
from harness.api.event_stream import GONE
from harness.api.problems import describe_error
from harness.api.slots import Slots
from harness.api.stream_event import END, StreamEvent, pack_messages
from harness.commons.log import get_logger
from harness.contracts.errors import (
    HarnessError,
    InvalidRequest,
    RequestTooLarge,
    ServerFault,
    TooManyCalls,
)
from harness.page.topics import follow_topic

MOST_TOPICS = 256
MAX_TEXT = 16_000
"""Characters of a message."""
ALIVE = StreamEvent("alive", b"{}")

log = get_logger(__name__)


class LiveMessage(Body):
    """What a client sends."""

    do: Literal["follow", "leave"]
    topic: str = Field(min_length=1, max_length=8_000)
    after: str | None = Field(default=None, max_length=1_000)
    """The id of the last event that the client has."""


class SocketSlots(Slots):
    """Live sockets. A browser needs one for all of its tabs."""

    what = "live sockets"
    most = 10_000
    most_each = 16


class TopicSlots(Slots):
    """Topics that sockets follow. Opening one asks Temporal or the database."""

    what = "live topics"
    most = 100_000
    most_each = SocketSlots.most_each * MOST_TOPICS
    each_per_minute = 1_200


class LiveClient:
    """Follows topics for one client."""

    def __init__(self, socket: ClientSocket, context: ApiContext, caller: Caller) -> None:
        self._socket = socket
        self._context = context
        self._caller = caller
        self._id = secrets.token_hex(8)
        self._topics: dict[str, asyncio.Task[None]] = {}
        self._lost = asyncio.Event()
        """A message could not be sent."""

    async def serve(self) -> None:
        """Serve the client until it leaves or loses access, or the daemon stops.

        Raises:
            TooManyCalls: The user has too many sockets; this one has not been accepted.
        """
        with ExitStack() as stack:
            try:
                slots = self._context.parts.find(SocketSlots, SocketSlots)
                stack.enter_context(slots.take(self._caller))
            except TooManyCalls as error:
                if not self._socket.is_in_browser:
                    raise
                await self._socket.refuse(f"{error.message} Close other pages or programs.")
                return
            await self._socket.accept()
            await self._socket.run(self._take_messages(), self._keep_alive(), self._wait_lost())

    async def _take_messages(self) -> None:
        try:
            with suppress(WebSocketDisconnect):
                while True:
                    await self._obey(await self._socket.receive())
        finally:
            tasks = tuple(self._topics.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_alive(self) -> None:
        """Let the client notice a connection that is dead. A page is told at once that its socket
        is not one that is refused."""
        if self._socket.is_in_browser:
            await self._socket.send(ALIVE.as_message())
        while True:
            await asyncio.sleep(self._context.settings.heartbeat_seconds)
            await self._socket.send(ALIVE.as_message())

    async def _wait_lost(self) -> None:
        await self._lost.wait()

    async def _obey(self, sent: str | bytes) -> None:
        try:
            message = _parse_message(sent)
        except HarnessError as error:
            await self._send_error(error)
            return
        topic = message.topic
        await self._leave(topic)
        if message.do == "leave":
            return
        if len(self._topics) >= MOST_TOPICS:
            error = InvalidRequest(
                f"The socket follows {MOST_TOPICS} topics already.", fix="Leave one of them."
            )
            await self._send_error(error, topic)
            return
        self._topics[topic] = asyncio.create_task(self._send_topic(topic, message.after))

    async def _leave(self, topic: str) -> None:
        """End a topic, and wait until it has ended: a client cannot open more than it closes."""
        task = self._topics.pop(topic, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _send_topic(self, topic: str, after: str | None) -> None:
        try:
            async with aclosing(self._write_topic(topic, after)) as messages:
                async for message in messages:
                    await self._socket.send(message)
                    await asyncio.sleep(0)  # what is ready must not hold up other topics
        except (*GONE, RuntimeError):  # the socket is closed, or its client accepts nothing
            self._lost.set()
        finally:
            if self._topics.get(topic) is asyncio.current_task():
                del self._topics[topic]

    async def _write_topic(self, topic: str, after: str | None) -> AsyncGenerator[str]:
        """Yield what a topic sends, until its end. It ends with an error if it fails, and a fault
        of ours does not end the whole socket."""
        groups = follow_topic(self._context, self._caller, self._id, topic, after)
        slots = self._context.parts.find(TopicSlots, TopicSlots)
        try:
            with slots.take(self._caller):
                async with aclosing(groups):
                    async for group in groups:
                        for message in pack_messages(topic, group):
                            yield message
        except HarnessError as error:
            yield self._note_error(error, topic)
        except Exception:
            log.exception("a topic failed")
            fault = ServerFault("The topic failed.", fix="Look for it in the daemon's log.")
            yield self._note_error(fault, topic)
        else:
            yield END.as_message(topic)

    def _note_error(self, error: HarnessError, topic: str) -> str:
        self._context.counts.topic_errors[error.code] += 1
        return _write_error(error, topic)

    async def _send_error(self, error: HarnessError, topic: str | None = None) -> None:
        await self._socket.send(_write_error(error, topic))


def _write_error(error: HarnessError, topic: str | None) -> str:
    problem = describe_error(error).model_dump_json(exclude_none=True).encode()
    return StreamEvent("error", problem).as_message(topic)


def _parse_message(sent: str | bytes) -> LiveMessage:
    if isinstance(sent, bytes):
        raise InvalidRequest("A message is text, not binary.")
    if len(sent) > MAX_TEXT:
        raise RequestTooLarge(f"A message has at most {MAX_TEXT:,} characters.")
    try:
        return LiveMessage.model_validate_json(sent)
    except ValidationError as error:
        raise first_problem(error) from None
