"""A server in place of Prometheus or Loki: it answers as a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.http import Connection, Exchange

Handler = Callable[[Exchange], Awaitable[None]]
JSON = "application/json"


def succeed(data: Any) -> bytes:
    """The body of an answer."""
    return json.dumps({"status": "success", "data": data}).encode()


def vector(*values: float | str) -> bytes:
    """The answer to a query: a series with each value."""
    rows = [
        {"metric": {"n": str(number)}, "value": [1, str(value)]}
        for number, value in enumerate(values)
    ]
    return succeed({"resultType": "vector", "result": rows})


@dataclass
class Telemetry:
    """Answers each request with `handle`."""

    handle: Handler
    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """The parameters of each request, with its path as `path`."""
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request."""
        found = parse_qs(exchange.body.decode())
        self.asked.append({"path": exchange.path, **{key: each[0] for key, each in found.items()}})
        self.headers.append(exchange.headers)
        await self.handle(exchange)


def answer(body: bytes, status: int = 200, kind: str = JSON, **headers: str) -> Handler:
    """Make a handler that answers each request with the same."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def handle(exchange: Exchange) -> None:
        exchange.answer(status, kind, body, named)

    return handle


@asynccontextmanager
async def serve_telemetry(handle: Handler) -> AsyncGenerator[Telemetry]:
    """Serve until the block ends."""
    telemetry, open_ = Telemetry(handle), set[Connection]()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(telemetry.serve, open_), "127.0.0.1", 0)
    telemetry.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield telemetry
    finally:
        server.close()
        for each in list(open_):
            each.transport.abort()
