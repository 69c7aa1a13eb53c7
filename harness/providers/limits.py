"""Limits on how much and how long a provider may send, which hold against any server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import httpx2

from harness.commons.headers import short_headers
from harness.config.settings import ProviderSettings
from harness.contracts.errors import AnswerTooLarge, ProviderProtocolMismatch, ProviderTimeout
from harness.providers import errors
from harness.providers.adapter import Where

MEBIBYTE = 1 << 20
MAX_BODY = 64 * MEBIBYTE
"""Bytes of one answer: 128,000 tokens, each in an event of its own, take about half of it."""
MAX_SMALL_BODY = 4 * MEBIBYTE
"""Bytes of an answer with vectors: 16 of 3,072 numbers take about 1 MiB."""
MAX_EVENT = 8 * MEBIBYTE
"""Bytes of one event, or of an answer that is not streamed. Parsing one blocks the event loop for
about 20 ms."""
MAX_CONTENT = 8 * MEBIBYTE
"""Characters of text, thoughts and arguments in one answer."""
MAX_ERROR = 64 * 1024
"""Bytes of an error's body that are read; what follows is ignored."""
PART = 256
"""Overhead of each part of an answer, in characters."""


class Room:
    """The characters left for the content of one answer."""

    __slots__ = ("_left", "_where")

    def __init__(self, where: Where) -> None:
        self._left = MAX_CONTENT
        self._where = where

    def take_characters(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            told = f"the answer has more than {MAX_CONTENT // MEBIBYTE} MiB of content"
            raise errors.make_error(AnswerTooLarge, told, self._where)


@dataclass(frozen=True)
class Patience:
    total_s: float
    idle_s: float

    @classmethod
    def from_settings(cls, settings: ProviderSettings) -> Patience:
        return cls(settings.timeout_seconds, settings.idle_seconds)

    @asynccontextmanager
    async def limit_time(self, where: Where) -> AsyncGenerator[Callable[[], None]]:
        """Limit the time of the block; call the yielded function on each progress of the answer."""
        clock = asyncio.get_running_loop().time
        idle = asyncio.timeout(self.idle_s)
        try:
            async with asyncio.timeout(self.total_s), idle:
                yield lambda: idle.reschedule(clock() + self.idle_s)
        except TimeoutError:
            if idle.expired():
                told = f"no progress for {self.idle_s:g} s (idle_seconds of the provider)"
            else:
                told = f"no complete answer in {self.total_s:g} s (timeout_seconds of the provider)"
            raise errors.make_error(ProviderTimeout, told, where) from None


Response = httpx2.Response | httpx.Response
"""Some SDKs sit on httpx2, others on httpx, which it was forked from."""

Bound = Callable[[Any], Awaitable[None]]
"""Limits a response, as a hook of the HTTP client."""


async def bound_response(response: Response) -> None:
    """Limit a response, as a hook of the HTTP client: bodies are bounded and never decompressed,
    since a few bytes may expand to gigabytes; requests ask for uncompressed answers. Headers are
    cut, and text is UTF-8: detecting or decoding some charsets takes quadratic time."""
    headers = short_headers(response.headers.multi_items())
    if kind := headers.get("content-type"):
        headers["content-type"] = kind.partition(";")[0]
    encoding = headers.pop("content-encoding", "identity")
    bounded: Any = response  # the two libraries' types differ in name only
    bounded.headers = type(response.headers)(headers)
    if response.status_code >= 300:
        bounded.stream = _Start(bounded.stream, MAX_ERROR if encoding.lower() == "identity" else 0)
    elif encoding.lower() == "identity":
        bounded.stream = _Bounded(bounded.stream, MAX_BODY)
    else:
        told = f"the answer is compressed ({encoding}), although the request allows no compression"
        raise errors.Refused(ProviderProtocolMismatch, told)


async def bound_small_response(response: Response) -> None:
    """Limit an answer that is no stream and that an SDK parses on the event loop."""
    await bound_response(response)
    bounded: Any = response
    bounded.stream = _Bounded(bounded.stream, MAX_SMALL_BODY)


class _Bounded(httpx2.AsyncByteStream, httpx.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._limit = self._left = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                told = f"the answer exceeds {self._limit // MEBIBYTE} MiB"
                raise errors.Refused(AnswerTooLarge, told)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Start(_Bounded):
    """The beginning of a body; the rest is not read."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._left == 0:
            return
        async for chunk in self._stream:
            yield chunk[: self._left]
            self._left -= len(chunk)
            if self._left <= 0:
                return
