"""An event on its way to a reader, in the formats of server-sent events and WebSockets."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from typing import NamedTuple

MESSAGE_CHARACTERS = 64_000
"""How long a message with several events gets: a client reads one in about a millisecond."""


class StreamEvent(NamedTuple):
    """One event of a stream."""

    kind: str
    data: bytes
    """One line of JSON."""
    id: str | None = None
    """The cursor to resume after; live text has none."""

    def as_sse(self) -> bytes:
        """The event in the format of server-sent events."""
        head = f"id: {self.id}\n" if self.id else ""
        return f"{head}event: {self.kind}\ndata: ".encode() + self.data + b"\n\n"

    def as_message(self, topic: str | None = None) -> str:
        """The event as a WebSocket message: a JSON object. `topic`: what it belongs to, on a
        connection that carries several streams."""
        head = "" if topic is None else f'"topic": {json.dumps(topic)}, '
        return f"{{{head}{self.as_members()}}}"

    def as_members(self) -> str:
        """The event as the members of a JSON object, without the braces."""
        id = f', "id": {json.dumps(self.id)}' if self.id else ""
        return f'"event": {json.dumps(self.kind)}{id}, "data": {self.data.decode()}'


async def each_of(groups: AsyncGenerator[Iterable[StreamEvent]]) -> AsyncGenerator[StreamEvent]:
    """Yield the events of all groups, one by one."""
    async with aclosing(groups):
        async for group in groups:
            for event in group:
                yield event


def pack_messages(topic: str, events: Iterable[StreamEvent]) -> Iterator[str]:
    """Write the events of a topic as few WebSocket messages, in order. One alone is an object with
    `event`, `id` and `data`; several stand in a list, `events`."""
    ready = list[str]()
    size = 0
    for event in events:
        members = event.as_members()
        if ready and size + len(members) > MESSAGE_CHARACTERS:
            yield _join(topic, ready)
            ready.clear()
            size = 0
        ready.append(members)
        size += len(members)
    if ready:
        yield _join(topic, ready)


def _join(topic: str, ready: list[str]) -> str:
    head = f'{{"topic": {json.dumps(topic)}, '
    if len(ready) == 1:
        return f"{head}{ready[0]}}}"
    return f'{head}"events": [{{{"}, {".join(ready)}}}]}}'


class Chunk(StreamEvent):
    """An event without a name, as other protocols have them."""

    def as_sse(self) -> bytes:
        """The event in the format of server-sent events."""
        return b"data: " + self.data + b"\n\n"


END = StreamEvent("end", b"{}")
DONE = Chunk("done", b"[DONE]")
"""The end of a stream of OpenAI's protocols, and of those that took it from there."""
