"""Bounds the body of a request in size and time, before anything reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from starlette.types import Message, Receive

from harness.contracts.errors import InvalidRequest, RequestTooLarge, RequestTooSlow
from harness_daemon.json_size import JsonSize

MOST_KEYS = 10_000
"""JSON keys of a body: each that is not known makes an error, on the event loop."""
MOST_VALUES = 100_000
"""JSON values of a body: they are parsed on the event loop."""


class Bounds(NamedTuple):
    """What a body may be."""

    max_bytes: int
    seconds: float
    """How long it may take to arrive."""
    json: bool = True
    """Whether it may be JSON, which is bounded in its keys and values too."""


def limit_body(receive: Receive, headers: Mapping[str, str], bounds: Bounds) -> Receive:
    """A `receive` that raises once the body is too large or too slow."""
    loop = asyncio.get_running_loop()
    max_bytes, seconds, json = bounds
    deadline = loop.time() + seconds
    size, whole, content = 0, False, JsonSize()

    async def receive_bounded() -> Message:
        nonlocal size, whole
        if whole:
            return await receive()
        _check_declared(headers, max_bytes)
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise RequestTooSlow(
                f"The body of the request did not arrive within {seconds:g} s."
            ) from None
        if message["type"] == "http.request":
            body = message.get("body", b"")
            size += len(body)
            if json:
                content.add(body, MOST_VALUES)
                _check_content(content)
            whole = not message.get("more_body", False)
            if size > max_bytes:
                raise _too_large(max_bytes)
        return message

    return receive_bounded


def _check_declared(headers: Mapping[str, str], max_bytes: int) -> None:
    declared = headers.get("content-length", "0")
    if not declared.isdecimal():
        raise InvalidRequest(f"Content-Length is {declared[:40]!r}, not a number.")
    if len(declared) > 20 or int(declared) > max_bytes:
        raise _too_large(max_bytes)


def _check_content(content: JsonSize) -> None:
    if content.keys > MOST_KEYS:
        raise RequestTooLarge(f"The body of the request has more than {MOST_KEYS:,} keys.")
    if content.values > MOST_VALUES:
        raise RequestTooLarge(f"The body of the request has more than {MOST_VALUES:,} values.")


def _too_large(max_bytes: int) -> RequestTooLarge:
    return RequestTooLarge(f"The body of the request has more than {max_bytes:,} bytes.")
