"""The requests of a sign-in, over connections that check where each leads and how much arrives.

What a server says about its authorization server is a claim. So every address must be https and
public; only hosts that the user named, the server's and the issuer's, may be private or plain http,
and only with `allow_private`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urlsplit

from harness.agent.mcp_server import McpServer
from harness.commons.headers import NoCookies
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import HarnessError, McpSignInFailed, McpUnavailable
from harness.mcp_tools.checked import CONNECT_S, guard_transport, is_busy, is_compressed
from harness.mcp_tools.link import shorten_words
from harness.tools.web.addresses import resolve_host
from harness.tools.web.web import AGENT

if TYPE_CHECKING:
    import httpx2

EXCHANGE_S = 15.0
"""How long one request may take, with its answer."""
MAX_ANSWER = 256 * 1024
MAX_URL = 8_000
MAX_REQUESTS = 25
"""Requests of one sign-in: a server can send it from place to place. A plain one takes up to 10."""


async def check_place(server: McpServer, url: str) -> str:
    """Check where a sign-in leads; returns the address to connect to.

    Raises:
        McpSignInFailed: It is not an address that a sign-in may use.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise _refused(server, url, "which is not an address") from None
    near = server.allow_private and host in _named_hosts(server)
    if parts.scheme != "https" and not (near and parts.scheme == "http"):
        raise _refused(server, url, "which is not https")
    if not host or parts.username is not None or len(url) > MAX_URL or not url.isprintable():
        raise _refused(server, url, "which is not an address")
    try:
        return await resolve_host(
            host, port or _default_port(parts), allow_private=near, advice="",
            asker=f"mcp {server.name}",
        )  # fmt: skip
    except HarnessError as error:
        raise _refused(server, url, f"but {error.message.rstrip('. ')}") from None


def _named_hosts(server: McpServer) -> set[str]:
    named = (server.url or "", server.oauth.issuer or "")
    return {(urlsplit(each).hostname or "").lower() for each in named}


def _default_port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


def _refused(server: McpServer, url: str, why: str) -> McpSignInFailed:
    place = clean_line(url.partition("?")[0][:200])
    hint = ""
    if server.allow_private:
        hint = " Name the authorization server as its issuer if it is one nearby that you trust."
    return McpSignInFailed(
        f"The sign-in to the MCP server {server.name} leads to {place}, {why}.{hint}"
    )


@dataclass
class Exchanges:
    """Sends the requests of one sign-in, one after the other, and keeps the last answer."""

    server: McpServer
    client: httpx2.AsyncClient
    count: int = 0
    last: httpx2.Response | None = None

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and read its answer.

        Raises:
            McpUnavailable: No answer, or the server is busy.
            McpSignInFailed: It leads where it may not, or the answer is too large.
        """
        import httpx2

        self.count += 1
        host = request.url.host
        if self.count > MAX_REQUESTS:
            raise McpSignInFailed(
                f"The sign-in to the MCP server {self.server.name} needs too many requests."
            )
        for name, value in self.client.headers.items():
            request.headers.setdefault(name, value)
        try:
            async with asyncio.timeout(EXCHANGE_S):
                self.last = await self.client.send(request, follow_redirects=False)
        except TimeoutError:
            raise self._unavailable(host, f"did not answer within {EXCHANGE_S:g} s") from None
        except _TooMuch as why:
            raise McpSignInFailed(
                f"The sign-in to the MCP server {self.server.name} failed: {host} {why}."
            ) from None
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, ValueError) as error:
            words = shorten_words(str(error)) or type(error).__name__
            raise self._unavailable(host, f"cannot be reached: {words}") from None
        return self.last

    def describe_last(self) -> str:
        """Say what was answered last, for errors; never more of a body than an error of OAuth."""
        if self.last is None:
            return "nothing was asked"
        status, host = self.last.status_code, self.last.request.url.host
        words = read_error(self.last)
        detail = ": ".join(each for each in words if each)
        return f"{host} answered {status}{f' ({detail})' if detail else ''}"

    @property
    def is_busy(self) -> bool:
        status = self.last.status_code if self.last is not None else 0
        return is_busy(status)

    def _unavailable(self, host: str, why: str) -> McpUnavailable:
        return McpUnavailable(
            f"The sign-in to the MCP server {self.server.name} failed: {host} {why}."
        )


def read_error(answer: httpx2.Response) -> tuple[str, str]:
    """Read error and description of an answer, in words fit for a message."""
    try:
        data: Any = json.loads(answer.content)
        found = data.get("error"), data.get("error_description")
    except (ValueError, AttributeError, RecursionError):
        return "", ""
    code, words = (shorten_words(each) if isinstance(each, str) else "" for each in found)
    return code, words


class _TooMuch(Exception):
    """Why an answer is refused."""


def open_client(server: McpServer) -> httpx2.AsyncClient:
    """Open a client for the requests of a sign-in. httpx2 loads slowly, so it is loaded here."""
    import httpx2

    async def find_address(request: httpx2.Request) -> str:
        return await check_place(server, str(request.url))

    return httpx2.AsyncClient(
        headers={"User-Agent": AGENT, "Accept-Encoding": "identity", "Accept": "application/json"},
        transport=guard_transport(find_address, _refuse_compressed, _bound_answer),
        timeout=CONNECT_S,
        trust_env=False,
        cookies=NoCookies(),
    )


def _refuse_compressed(_: httpx2.Request, reply: httpx2.Response) -> None:
    if is_compressed(reply):
        raise _TooMuch("sent a compressed answer, which was not requested")


async def _bound_answer(reply: httpx2.Response) -> AsyncIterator[bytes]:
    size, blocks = 0, cast("AsyncIterator[bytes]", reply.stream)
    async for block in blocks:
        size += len(block)
        if size > MAX_ANSWER:
            raise _TooMuch(f"sent an answer of more than {MAX_ANSWER:,} bytes")
        yield block
