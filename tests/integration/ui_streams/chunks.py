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
        return await read_chunks(response)


async def read_chunks(response: httpx.Response) -> list[dict[str, Any]]:
    """The events of an open stream."""
    found: list[dict[str, Any]] = []
    async for line in response.aiter_lines():
        assert not line or line.startswith(("data: ", ":")), line
        if line.startswith("data: ") and line != "data: [DONE]":
            found.append(json.loads(line.removeprefix("data: ")))
    return found
