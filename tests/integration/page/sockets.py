"""Clients of the live socket."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.integration.api.conftest import Api

Json = dict[str, Any]


class Live:
    """A client that keeps what it has read."""

    def __init__(self, client: ClientConnection) -> None:
        self.client = client
        self.read: list[Json] = []
        self.sizes: list[int] = []
        """Characters of each message that arrived."""
        self._ready = deque[Json]()

    async def follow(self, topic: str, after: str | None = None) -> None:
        more = {} if after is None else {"after": after}
        await self.client.send(json.dumps({"do": "follow", "topic": topic, **more}))

    async def leave(self, topic: str) -> None:
        await self.client.send(json.dumps({"do": "leave", "topic": topic}))

    async def receive(self) -> Json:
        """The next event, also if several arrived in one message."""
        if not self._ready:
            async with asyncio.timeout(20):
                text = await self.client.recv()
            message = json.loads(text)
            self.sizes.append(len(text))
            topic = message.get("topic")
            self._ready += [{"topic": topic, **each} for each in message.get("events", [message])]
        self.read.append(self._ready.popleft())
        return self.read[-1]

    async def next_of(self, topic: str | None, kind: str) -> Json:
        """The next message of a kind; those before it are passed over."""
        while (found := await self.receive()).get("topic") != topic or found["event"] != kind:
            pass
        return found

    async def error(self, topic: str | None) -> str:
        """The code of the next error."""
        return (await self.next_of(topic, "error"))["data"]["code"]

    def durable(self, topic: str) -> list[tuple[str, str, Any]]:
        """What was read of a topic: kind, id and data of each event that has an id."""
        ours = [each for each in self.read if each.get("topic") == topic and "id" in each]
        return [(each["event"], each["id"], each["data"]) for each in ours]


def address(url: str) -> str:
    return f"{url.replace('http', 'ws', 1)}/api/v1/live"


@asynccontextmanager
async def opened(
    api: Api, role: str = "operator", url: str | None = None, **options: Any
) -> AsyncGenerator[Live]:
    headers = {"Authorization": f"Bearer {api.tokens[role]}"}
    where = address(url or api.daemon.url)
    async with connect(where, additional_headers=headers, max_size=None, **options) as client:
        yield Live(client)
