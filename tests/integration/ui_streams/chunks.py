"""Reads streams of events that have no name."""

from __future__ import annotations

import json
from typing import Any

import httpx


async def post_stream(
    client: httpx.AsyncClient, url: str, body: dict[str, Any]
) -> list[dict[str, Any]]:
    """The events that a request is answered with, to their end; `[DONE]` is left out."""
    async with client.stream("POST", url, json=body) as response:
        assert response.status_code == 200, await response.aread()
        return join_deltas(await read_chunks(response))


def join_deltas(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same events, however the text was cut."""
    found: list[dict[str, Any]] = []
    for chunk in chunks:
        last = found[-1] if found else {}
        if "delta" in chunk and last.get("type") == chunk["type"]:
            found[-1] = {**last, "delta": last["delta"] + chunk["delta"]}
        else:
            found.append(chunk)
    return found


async def read_chunks(response: httpx.Response) -> list[dict[str, Any]]:
    """The events of an open stream."""
    found: list[dict[str, Any]] = []
    async for line in response.aiter_lines():
        assert not line or line.startswith(("data: ", ":")), line
        if line.startswith("data: ") and line != "data: [DONE]":
            found.append(json.loads(line.removeprefix("data: ")))
    return found
