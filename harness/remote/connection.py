"""Requests to one daemon: authenticated, bounded, and repeated where that is safe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal
from urllib.parse import quote

import httpx

from harness.api.route import PREFIX
from harness.api.views import Version
from harness.commons.certificates import load_certificates
from harness.config.logins import Server
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import DaemonAnswerInvalid, DaemonUnreachable, HarnessError
from harness.remote.answers import parse_answer, refusal_of
from harness.version import __version__

CONNECT_S = 10.0
SILENCE_S = 60.0
"""How long nothing may arrive. Streams send a comment more often, by default every 15 s."""
ANSWER_S = 90.0
"""How long a whole answer may take: the longest that a daemon waits itself is 60 s."""
ANSWER_BYTES = 32_000_000
REFUSAL_BYTES = 200_000
PAUSES_S = (0.3, 1.0, 3.0, 6.0)
"""Between attempts, while a daemon restarts."""
GATEWAY = (502, 503, 504)
"""What a reverse proxy answers while the daemon behind it is down."""

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Query = Mapping[str, str | int | float | bool | Sequence[str] | None]


def path_of(*segments: str) -> str:
    """A path under the API's prefix; ids may hold any character."""
    # A segment of dots would be resolved before it is sent.
    quoted = (quote(each, safe="").replace(".", "%2E") for each in segments)
    return f"{PREFIX}/{'/'.join(quoted)}"


class AnswerTooSlow(DaemonUnreachable):
    """The daemon was reached, and the answer did not arrive in time."""


class DaemonConnection:
    """Sends requests to one daemon. The token leaves for its address alone: redirects are not
    followed, and plain HTTP passes no proxy."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self._client = httpx.AsyncClient(
            base_url=server.url,
            headers={
                "Authorization": f"Bearer {server.token}",
                "User-Agent": f"harness/{__version__}",
                "Accept-Encoding": "identity",  # a small answer could decompress to a huge one
            },
            timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S),
            follow_redirects=False,
            verify=load_certificates("httpx"),
            trust_env=server.url.startswith("https://"),
        )
        self._reached = False
        self._away = False
        self.on_change: Callable[[str], None] | None = None
        """Told when the daemon goes away while something waits for it, and when it is back."""

    def note_away(self, error: HarnessError) -> None:
        """Something waits for the daemon, which does not answer."""
        if not self._away and self.on_change is not None:
            self.on_change(f"{error.message} Trying again.")
        self._away = True

    def _note_back(self) -> None:
        if self._away and self.on_change is not None:
            self.on_change("Connected again.")
        self._away = False

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, kind: Any, *path: str, most: int = ANSWER_BYTES, **query: Any) -> Any:
        """Read a value of this kind, from an answer of at most so many bytes."""
        return await self._parse(await self.fetch(*path, most=most, **query), kind)

    async def fetch(self, *path: str, most: int = ANSWER_BYTES, **query: Any) -> bytes:
        """Read an answer as it is."""
        return await self._request("GET", path_of(*path), query=query, most=most)

    async def post(
        self, kind: Any, *path: str, body: Mapping[str, Any], key: str | None = None
    ) -> Any:
        """Send something. With a key, sending it again is the same request."""
        return await self.send("POST", kind, *path, body=body, key=key)

    async def send(
        self,
        method: Method,
        kind: Any,
        *path: str,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Any:
        """Send something with any method, and read a value of this kind."""
        data = await self._request(method, path_of(*path), body=body, key=key)
        return await self._parse(data, kind)

    async def _parse(self, data: bytes, kind: Any) -> Any:
        try:
            return parse_answer(data, kind, self.url)
        except DaemonAnswerInvalid as error:
            raise await self.add_version(error) from None

    async def add_version(self, error: DaemonAnswerInvalid) -> DaemonAnswerInvalid:
        """The error, with the daemon's version if that differs from this one."""
        try:
            data = await self._request("GET", path_of("version"), most=REFUSAL_BYTES)
            found: Version = parse_answer(data, Version, self.url)
        except HarnessError:
            return error
        if found.version == __version__:
            return error
        theirs = clean_line(found.version[:50])
        return DaemonAnswerInvalid(
            f"{error.message} The daemon is version {theirs}, this is {__version__}."
        )

    @asynccontextmanager
    async def stream(self, *path: str, after: str | None) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Open a stream of events, from after a cursor."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": after} if after else {})}
        with self._daemon_errors():
            async with self._client.stream("GET", path_of(*path), headers=headers) as response:
                await self._check(response, "text/event-stream")
                yield response.aiter_raw()

    @asynccontextmanager
    async def stream_post(
        self, *path: str, body: Mapping[str, Any], key: str | None = None, **query: Any
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Send something whose answer is a stream of events."""
        headers = {"Accept": "text/event-stream", **({"Idempotency-Key": key} if key else {})}
        params = {name: each for name, each in query.items() if each is not None}
        with self._daemon_errors():
            async with self._client.stream(
                "POST", path_of(*path), params=params, json=body, headers=headers
            ) as response:
                await self._check(response, "text/event-stream")
                yield response.aiter_raw()

    async def _request(
        self,
        method: Method,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
        most: int = ANSWER_BYTES,
    ) -> bytes:
        """Send a request, again while the daemon restarts if it changes nothing or has a key."""
        safe = method == "GET" or key is not None
        pauses = iter(PAUSES_S)
        while True:
            patient = safe and self._reached
            try:
                return await self._exchange(method, path, query, body, key, most)
            except DaemonUnreachable as error:
                pause = next(pauses, None)
                if not patient or pause is None or isinstance(error, AnswerTooSlow):
                    raise
                self.note_away(error)
            await asyncio.sleep(pause)

    async def _exchange(
        self,
        method: Method,
        path: str,
        query: Query | None,
        body: Mapping[str, Any] | None,
        key: str | None,
        most: int,
    ) -> bytes:
        params = {name: each for name, each in (query or {}).items() if each is not None}
        headers = {"Idempotency-Key": key} if key else {}
        with self._daemon_errors():
            async with (
                asyncio.timeout(ANSWER_S),
                self._client.stream(
                    method, path, params=params, json=body, headers=headers
                ) as response,
            ):
                await self._check(response, "application/json")
                return await self._read(response, most)

    async def _check(self, response: httpx.Response, wanted: str) -> None:
        """Raise the error of an answer that is not a success of the kind that is wanted."""
        status, media_type = response.status_code, response.headers.get("content-type", "")
        if response.is_redirect:
            where = clean_line(response.headers.get("location", "")[:200])
            raise DaemonAnswerInvalid(
                f"{self.url} redirects to {where!r}. The token is not sent to another address.",
                fix="If the daemon is there, log in to it: harness login URL",
            )
        if response.headers.get("content-encoding", "identity") != "identity":
            raise DaemonAnswerInvalid(
                f"{self.url} sent a compressed response that was not requested."
            )
        if response.is_success and (media_type.startswith(wanted) or status == 204):
            self._reached = True
            self._note_back()
            return
        data = await self._read(response, REFUSAL_BYTES)
        problem = media_type.startswith("application/problem+json")
        if status in GATEWAY and not problem:
            raise DaemonUnreachable(f"{self.url} does not answer: status {status}.")
        self._reached = self._reached or problem
        raise refusal_of(status, media_type, data, self.url)

    async def _read(self, response: httpx.Response, most: int) -> bytes:
        found = bytearray()
        async for part in response.aiter_raw():
            found += part
            if len(found) > most:
                raise DaemonAnswerInvalid(
                    f"{self.url} sent more than {most:,} bytes, the limit of a response."
                )
        return bytes(found)

    def _daemon_errors(self) -> _DaemonErrors:
        return _DaemonErrors(self.url)


class _DaemonErrors:
    """Turns what HTTP and TLS raise into our errors."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, HarnessError):
            return  # what the daemon answered: `RunUnfinished` is a TimeoutError, too
        if isinstance(error, httpx.TimeoutException | TimeoutError):
            slow = not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
            kind_of = AnswerTooSlow if slow else DaemonUnreachable
            raise kind_of(f"{self._url} takes too long to answer.") from None
        if isinstance(error, httpx.HTTPError | httpx.InvalidURL | httpx.StreamError):
            raise _describe(self._url, error) from None


def _describe(url: str, error: Exception) -> HarnessError:
    why = clean_line(str(error)[:300]) or type(error).__name__
    if "CERTIFICATE" in why or "SSL" in why or "TLS" in why:
        return DaemonUnreachable(
            f"The certificate or TLS of {url} is not valid: {why}",
            fix="Check the address. For a certificate authority of your own, set SSL_CERT_FILE.",
        )
    return DaemonUnreachable(f"{url} does not answer: {why}.")
