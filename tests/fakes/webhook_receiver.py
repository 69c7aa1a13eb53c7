"""A receiver of webhooks: keeps what arrives, and answers what the test says."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.fakes.http import Connection, Exchange


class Received(NamedTuple):
    """A request, as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        return self.message["type"]


@dataclass
class Receiver:
    origin: str = ""
    received: list[Received] = field(default_factory=list)
    answers: deque[int] = field(default_factory=deque)
    """Statuses of the next answers; 0: none at all."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Answers wait for it."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"{self.origin}/hook"

    @property
    def kinds(self) -> list[str]:
        return [each.kind for each in self.received]

    async def until(self, holds: Callable[[list[Received]], bool]) -> list[Received]:
        """What was received, once `holds` is true of it."""
        async with self.changed:
            await self.changed.wait_for(lambda: holds(self.received))
        return list(self.received)

    async def answer(self, exchange: Exchange) -> None:
        async with self.changed:
            self.received.append(Received(exchange.headers, exchange.body))
            status = self.answers.popleft() if self.answers else self.status
            self.changed.notify_all()
        await self.gate.wait()
        if status:
            exchange.answer(status, "text/plain", b"thanks", self.headers)
        else:
            exchange.drop()


@asynccontextmanager
async def open_receiver() -> AsyncGenerator[Receiver]:
    receiver, open_ = Receiver(), set[Connection]()
    receiver.gate.set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(receiver.answer, open_), "127.0.0.1", 0)
    receiver.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield receiver
    finally:
        server.close()
        for each in list(open_):
            each.transport.abort()
