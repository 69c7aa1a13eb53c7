"""Requests to Temporal's page: what is sent to it, and what is accepted of its answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from harness.contracts.errors import TemporalPageRefused, TemporalPageUnreachable

CONNECT_S = 5.0
SILENCE_S = 60.0
TOTAL_S = 120.0
"""How long an answer may take in all; a long poll of Temporal takes 20 s."""
MOST_REQUESTS = 64
MOST_BYTES = 64_000_000
"""Of one answer, as it is sent."""
MOST_WHOLE_BYTES = 2_000_000
"""Of an answer that is changed, and so read as a whole."""
MOST_HEADER = 1_000

SENT = ("accept", "accept-language", "content-type", "x-csrf-token", "caller-type")
"""Headers of the browser that Temporal's page receives: neither our cookie nor a token."""
RETURNED = ("content-type", "content-encoding", "content-length", "content-language", "vary")
CSRF_COOKIE = "_csrf"
CSRF_VALUE = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Sent(NamedTuple):
    """A request for Temporal's page."""

    method: str
    target: str
    """Path and query, as Temporal's page knows them."""
    headers: Mapping[str, str]
    body: bytes
    compressed: bool
    """Whether the answer may be."""


class Answer:
    """An answer of Temporal's page. `read` or `stream` closes it; otherwise `close` does."""

    def __init__(self, response: httpx.Response, deadline: float) -> None:
        self._response, self._deadline = response, deadline
        self.status = response.status_code
        self.location = response.headers.get("location")
        self.headers = {name: value for name in RETURNED if (value := response.headers.get(name))}
        self.csrf = _read_csrf(response.headers)
        """The page's own token against forged requests, if it sets one."""

    @property
    def media_type(self) -> str:
        """Its media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def read(self) -> bytes:
        """Read the whole answer, which must be small and not compressed."""
        if "content-encoding" in self.headers:
            await self.close()
            raise TemporalPageRefused("Temporal's page answers compressed without being asked to.")
        parts = [each async for each in self.stream(MOST_WHOLE_BYTES)]
        return b"".join(parts)

    async def stream(self, most: int = MOST_BYTES) -> AsyncIterator[bytes]:
        """The bytes of the answer as they arrive, neither more nor for longer than allowed."""
        size = 0
        parts = aiter(self._response.aiter_raw())
        try:
            while True:
                async with asyncio.timeout_at(self._deadline):
                    part = await anext(parts, None)
                if part is None:
                    return
                size += len(part)
                if size > most:
                    raise TemporalPageRefused(
                        f"Temporal's page answers with more than {most:,} bytes."
                    )
                yield part
        except (TimeoutError, httpx.HTTPError) as error:
            raise TemporalPageUnreachable(
                f"Temporal's page stopped in the middle of an answer: {type(error).__name__}."
            ) from None
        finally:
            await self.close()

    async def close(self) -> None:
        """End the request."""
        await self._response.aclose()


class Upstream:
    """The server of Temporal's page. Each request stands alone: no cookie of one user's is kept,
    no redirect followed and no proxy used."""

    def __init__(self, url: str) -> None:
        self.url = url
        limits = httpx.Limits(max_connections=MOST_REQUESTS)
        self._transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)

    @property
    def prefix(self) -> str:
        """The path of the page's own address."""
        return urlsplit(self.url).path

    async def send(self, sent: Sent) -> Answer:
        """Send a request, and wait for the head of its answer.

        Raises:
            TemporalPageUnreachable: There is none.
        """
        deadline = asyncio.get_running_loop().time() + TOTAL_S
        timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_S, pool=CONNECT_S)
        headers = {
            **sent.headers,
            "Accept-Encoding": "gzip" if sent.compressed else "identity",
            "User-Agent": "harness",
        }
        try:
            request = httpx.Request(
                sent.method,
                self.url + sent.target,
                headers=headers,
                content=sent.body or None,
                extensions={"timeout": timeout.as_dict()},
            )
            async with asyncio.timeout_at(deadline):
                response = await self._transport.handle_async_request(request)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise TemporalPageUnreachable(
                f"Temporal's page does not answer: {type(error).__name__}."
            ) from None
        return Answer(response, deadline)

    async def close(self) -> None:
        """Close its connections."""
        await self._transport.aclose()


def choose_headers(given: Mapping[str, str], cookies: str) -> dict[str, str]:
    """Choose what Temporal's page needs of a browser's headers, and its own cookie."""
    chosen = {
        name: value
        for name in SENT
        if (value := given.get(name)) and len(value) <= MOST_HEADER and value.isascii()
    }
    for pair in cookies.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == CSRF_COOKIE and CSRF_VALUE.fullmatch(value):
            chosen["cookie"] = f"{CSRF_COOKIE}={value}"
    return chosen


def _read_csrf(headers: httpx.Headers) -> str | None:
    for cookie in headers.get_list("set-cookie"):
        name, _, value = cookie.partition(";")[0].strip().partition("=")
        if name == CSRF_COOKIE and CSRF_VALUE.fullmatch(value):
            return value
    return None
