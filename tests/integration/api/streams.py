"""Clients of streams that read a part and come back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any, NamedTuple

import httpx


class Sent(NamedTuple):
    """An event as it was sent: byte for byte, so that answers can be compared."""

    kind: str
    id: str
    data: str


def path_of(run: str) -> str:
    return f"/api/v1/runs/{run}/events"


def after(cursor: str) -> dict[str, str]:
    return {"Last-Event-ID": cursor}


async def iterate_events(response: httpx.Response) -> AsyncGenerator[Sent]:
    """Each event of a stream; comments as events of the kind `:`."""
    fields = dict[str, str]()
    async for line in _iterate_lines(response):
        if line.startswith(":"):
            yield Sent(":", "", line)
        elif line:
            key, _, value = line.partition(": ")
            fields[key] = value
        elif "event" in fields:
            yield Sent(fields["event"], fields.get("id", ""), fields["data"])
            fields = {}


async def _iterate_lines(response: httpx.Response) -> AsyncGenerator[str]:
    """Lines as the format has them: `aiter_lines` also ends one at U+2028 and the like."""
    rest = ""
    async for text in response.aiter_text():
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            yield line


@asynccontextmanager
async def opened(
    client: httpx.AsyncClient, run: str, cursor: str = "", **options: Any
) -> AsyncGenerator[AsyncGenerator[Sent]]:
    headers = after(cursor) if cursor else {}
    async with client.stream("GET", path_of(run), headers=headers, **options) as response:
        assert response.status_code == 200, await response.aread()
        async with aclosing(iterate_events(response)) as events:
            yield events


async def read_until(
    client: httpx.AsyncClient, run: str, kind: str = "end", cursor: str = ""
) -> list[Sent]:
    """What a stream sends up to the first event of a kind."""
    found: list[Sent] = []
    async with opened(client, run, cursor) as events:
        async for event in events:
            found.append(event)
            if event.kind == kind:
                return found
    raise AssertionError(f"no {kind}: {[each.kind for each in found]}")


def durable(events: list[Sent]) -> list[Sent]:
    return [event for event in events if event.id]
