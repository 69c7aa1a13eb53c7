"""Ask Prometheus or Loki over HTTP, within limits of time and size."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

from pydantic_core import from_json

from harness.care.settings import SourceSettings
from harness.commons.certificates import load_certificates
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import (
    AnswerUnusable,
    QueryRefused,
    SourceMissing,
    SourceUnreachable,
)
from harness.version import __version__

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")
MAX_BYTES = 16_000_000
MAX_VALUES = 1_600_000
"""Lists, objects and commas of an answer: 500,000 points have 1,500,000."""
ANYTHING = "vector(1)"
"""What each source answers, if it is one: a query in PromQL and LogQL that needs no data."""
INSTALL = {
    "metrics": "If you have no Prometheus yet: apt-get install prometheus.",
    "logs": "Loki is on grafana.com; Debian's package loki is something else.",
}
SMALL = 50_000
MAX_QUERY = 20_000
MOST_STEPS = 11_000
"""Prometheus and Loki refuse more points of a curve."""
MAX_REASON = 500
REFUSED = (400, 413, 422)
"""Loki refuses queries with plain text."""
BUSY = (408, 425, 429)
Method = Literal["GET", "POST"]
Parameters = Mapping[str, str | Sequence[str]]


class TooLarge(Exception):
    """The answer has more than `MAX_BYTES`."""

    def make_error(self, what: str) -> AnswerUnusable:
        return AnswerUnusable(f"{what} answered with more than {MAX_BYTES // 1_000_000} MB.")


class Source:
    """One server. `what` names it in errors: "Prometheus" or "Loki"; `section` is that of its
    settings. Use as a context manager."""

    def __init__(
        self, what: str, section: Literal["metrics", "logs"], settings: SourceSettings
    ) -> None:
        if settings.url is None:
            raise SourceMissing(
                f"The address of {what} is not configured.",
                fix=f"Set url under [care.{section}] in harness.toml. {INSTALL[section]}",
            )
        self.what = what
        self.url = settings.url
        self._section = f"[care.{section}]"
        self._install = INSTALL[section]
        self._timeout = settings.timeout_seconds
        self._client = self._make_client(settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def ask(
        self, path: str, parameters: Parameters, read: Callable[[Any], T], method: Method = "POST"
    ) -> T:
        """Send a query, and return what is read of the `data` of the answer. Not all paths accept
        POST.

        Raises:
            QueryRefused: The server does not accept the query.
            SourceUnreachable: It does not answer in time, or says that it cannot.
            AnswerUnusable: The answer is too large, or not in the expected format.
        """
        try:
            return await self._ask(path, parameters, read, method)
        except TooLarge as error:
            raise error.make_error(self.what) from None

    async def _ask(
        self, path: str, parameters: Parameters, read: Callable[[Any], T], method: Method = "POST"
    ) -> T:
        if sum(len(str(value)) for value in parameters.values()) > MAX_QUERY:
            raise QueryRefused(f"The query is longer than {MAX_QUERY:,} characters.")
        try:
            async with asyncio.timeout(self._timeout):
                status, body = await self._send(method, path, parameters)
        except TimeoutError:
            raise SourceUnreachable(
                f"{self.what} at {self.url} did not answer within {self._timeout:g} s.",
                fix=f"Ask for less, or raise timeout_seconds in {self._section}.",
            ) from None

        def read_body() -> T:
            self._check_values(body)
            return read(self._find_data(status, _parse(body), body))

        # A large answer does not hold up others; a small one is not worth a thread.
        return await asyncio.to_thread(read_body) if len(body) > SMALL else read_body()

    def _check_values(self, body: bytes) -> None:
        """Refuse an answer of many small values: as objects they take thirty times the memory."""
        if sum(body.count(each) for each in (b"[", b"{", b",")) > MAX_VALUES:
            raise AnswerUnusable(f"{self.what} answered with more than {MAX_VALUES:,} values.")

    def _make_client(self, settings: SourceSettings) -> httpx2.AsyncClient:
        import httpx2

        headers = {"User-Agent": f"harness/{__version__}", "Accept-Encoding": "identity"}
        if settings.tenant is not None:
            headers["X-Scope-OrgID"] = settings.tenant
        secret = settings.password.get_secret_value() if settings.password else ""
        auth = httpx2.BasicAuth(settings.user, secret) if settings.user is not None else None
        if auth is None and secret:
            headers["Authorization"] = f"Bearer {secret}"
        try:
            return httpx2.AsyncClient(
                base_url=f"{settings.url}/",
                headers=[(name.encode(), value.encode()) for name, value in headers.items()],
                auth=auth,
                verify=load_certificates("httpx2"),
                timeout=settings.timeout_seconds,
                follow_redirects=False,
                trust_env=False,
            )
        except httpx2.InvalidURL as error:
            raise SourceUnreachable(
                f"{self.url!r} is not an address of {self.what}: {_shorten(str(error))}.",
                fix=f"Correct url in {self._section}.",
            ) from None

    async def _send(self, method: Method, path: str, parameters: Parameters) -> tuple[int, bytes]:
        import httpx2

        pieces, size = list[bytes](), 0
        data: dict[str, Any] = {"data" if method == "POST" else "params": dict(parameters)}
        try:
            async with self._client.stream(method, path, **data) as reply:
                if (coding := reply.headers.get("content-encoding", "identity")) != "identity":
                    raise AnswerUnusable(
                        f"{self.what} at {self.url} answered with the encoding {_shorten(coding)}, "
                        "which was not asked for.",
                        fix=f"Check the address in {self._section}.",
                    )
                async for piece in reply.aiter_raw():
                    size += len(piece)
                    if size > MAX_BYTES:
                        raise TooLarge
                    pieces.append(piece)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            reason = str(error) or type(error).__name__
            raise SourceUnreachable(
                f"{self.what} at {self.url} cannot be reached: {_shorten(reason)}.",
                fix=f"Check that it runs, and url in {self._section}. {self._install}",
            ) from None
        return reply.status_code, b"".join(pieces)

    def _find_data(self, status: int, answer: Any, body: bytes) -> Any:
        fields = cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}
        if status == 200 and fields.get("status") == "success" and "data" in fields:
            return fields["data"]
        reason = fields.get("error")
        text = reason if isinstance(reason, str) else body[:2_000].decode(errors="replace")
        said = _shorten(text) or "no text"
        if status in (401, 403):
            raise SourceUnreachable(
                f"{self.what} at {self.url} refused the sign-in ({status}): {said}",
                fix=f"Set user and password in {self._section}.",
            )
        if status in REFUSED:
            raise QueryRefused(f"{self.what} refused the query: {said}")
        if status < 500 and status not in BUSY:
            raise AnswerUnusable(
                f"{self.url} did not answer as {self.what} does ({status}): {said}",
                fix=f"{self.url} is not the address of {self.what}, or a proxy answers in its "
                f"place: correct url in {self._section}.",
            )
        raise SourceUnreachable(f"{self.what} at {self.url} answered {status}: {said}")


def choose_step(start: float, end: float, step: float) -> str:
    """The step between the points of a curve: larger if there would be too many."""
    fewest = (end - start) / MOST_STEPS
    return f"{math.ceil(max(step, fewest, 0.001) * 1_000) / 1_000:.3f}"


def _parse(body: bytes) -> Any:
    for each in (body, body.decode(errors="replace")):  # a log line may hold any bytes
        try:
            return from_json(each, cache_strings=False)
        except ValueError:
            continue
    return None


def _shorten(text: str) -> str:
    return clean_line(" ".join(text.split())[:MAX_REASON])[:MAX_REASON]
