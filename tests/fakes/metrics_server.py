"""A server with the HTTP API of Prometheus, whose values a test sets: queries are names."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.fakes.http import Connection, Exchange

Value = float | Callable[[], float | None]


@dataclass
class MetricsServer:
    """Answers `query` with the value of that name; unknown names match no series."""

    url: str = ""
    values: dict[str, Value] = field(default_factory=dict[str, Value])
    curves: dict[str, list[tuple[float, float]]] = field(
        default_factory=dict[str, list[tuple[float, float]]]
    )
    """What a query over a range returns, if it is not the value of the name."""
    away: bool = False
    """Whether it answers nothing but errors."""

    labels: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """The labels of the series of a name."""

    async def answer(self, exchange: Exchange) -> None:
        if self.away:
            exchange.answer(503, "text/html", b"<html>Service Unavailable</html>", {})
            return
        asked = parse_qs(exchange.body.decode())
        name = asked.get("query", [""])[0]
        value = self.values.get(name)
        found = value() if callable(value) else value
        sample = [time.time(), str(found)]
        is_range = exchange.path.endswith("query_range")
        points = [[at, str(level)] for at, level in self.curves.get(name, ())] or [sample]
        values = {"values": points} if is_range else {"value": sample}
        series = {"metric": self.labels.get(name, {}), **values}
        data = {
            "resultType": "matrix" if is_range else "vector",
            "result": [] if found is None and points == [sample] else [series],
        }
        body = json.dumps({"status": "success", "data": data}).encode()
        exchange.answer(200, "application/json", body, {})


@asynccontextmanager
async def serving_metrics() -> AsyncGenerator[MetricsServer]:
    server, open_ = MetricsServer(), set[Connection]()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: Connection(server.answer, open_), "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for each in list(open_):
            each.transport.abort()
