"""The streamable HTTP transport: the SDK's, over connections that check where they lead and how
much arrives. Redirects stay at the server's own address, as the SDK follows no others."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.agent.mcp_server import McpServer
from harness.commons.headers import NoCookies
from harness.contracts.errors import HarnessError
from harness.mcp_tools.checked import (
    CONNECT_S,
    guard_transport,
    is_busy,
    is_compressed,
    read_secret,
)
from harness.mcp_tools.link import MAX_MESSAGE, BadMessage, Link, check_values, count_values
from harness.mcp_tools.sign_in.auth import choose_tokens, make_auth
from harness.tools.web.addresses import resolve_host
from harness.tools.web.web import AGENT

if TYPE_CHECKING:
    import httpx2
    from mcp.client._transport import TransportStreams

READ_S = 300.0
"""How long a stream may be silent. Each request has its own, shorter limit."""
MAX_STREAMS = 20
JSON, EVENTS = "application/json", "text/event-stream"


@asynccontextmanager
async def open_http(link: Link, project: Path) -> AsyncGenerator[TransportStreams]:
    """Connect to the server's address, signed in as the project's section or this user says."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    url = link.server.url or ""
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity", **read_auth(link.server)}
    client = httpx2.AsyncClient(
        headers=headers,
        transport=_make_transport(link),
        auth=None if link.server.auth else make_auth(link, choose_tokens(link.server, project)),
        timeout=httpx2.Timeout(CONNECT_S, read=READ_S),
        trust_env=False,  # a proxy from the environment would resolve the name itself
        cookies=NoCookies(),
        max_redirects=3,
    )
    async with (
        client,
        streamable_http_client(url, http_client=client, max_sse_event_size=MAX_MESSAGE) as streams,
    ):
        try:
            yield streams
        finally:
            link.fail("the connection was closed")


def read_auth(server: McpServer) -> dict[str, str]:
    """Make the header that signs in to the server with a fixed secret, if it has one."""
    if server.auth is None:
        return {}
    value = read_secret(server.name, "auth", server.auth)
    if server.auth_header.lower() == "authorization" and " " not in value:
        value = f"Bearer {value}"
    return {server.auth_header: value}


def _make_transport(link: Link) -> httpx2.AsyncBaseTransport:
    async def find_address(request: httpx2.Request) -> str:
        _count_request(link, request)
        return await _find_address(link, request.url.host, request.url.port)

    return guard_transport(find_address, partial(_check_reply, link), partial(_bound_reply, link))


async def _bound_reply(link: Link, reply: httpx2.Response) -> AsyncIterator[bytes]:
    import httpx2

    is_events = reply.headers.get("content-type", "").startswith(EVENTS)
    try:
        async for block in bound_blocks(link, reply.stream, is_events):
            yield block
    except BadMessage as why:
        link.fail(str(why))
        raise httpx2.StreamClosed from None


def _count_request(link: Link, request: httpx2.Request) -> None:
    """Limit how often the SDK reconnects to streams: a server can close each at once."""
    import httpx2

    if request.method != "GET":
        link.begin_request()
        return
    link.streams += 1
    if link.streams > MAX_STREAMS:
        raise httpx2.ConnectError("too many streams")


async def bound_blocks(link: Link, stream: Any, is_events: bool) -> AsyncIterator[bytes]:
    """Pass on the blocks of an answer. BadMessage if there is too much of it."""
    size = values = 0
    async for block in stream:
        *whole, rest = block.split(b"\n\n") if is_events else [block]
        for event in whole:
            check_values(values + count_values(event))
            values = 0
        values += count_values(rest)
        check_values(values)
        size += len(block)
        if not is_events and size > MAX_MESSAGE:  # of events, the SDK limits each
            raise BadMessage(f"it sent a message of more than {MAX_MESSAGE:,} bytes")
        link.count(len(block), messages=len(whole))
        yield block


async def _find_address(link: Link, host: str, port: int | None) -> str:
    """Resolve the server's name at each request, and refuse addresses that were not allowed."""
    import httpx2

    server = link.server
    own = urlsplit(server.url or "")
    if host != (own.hostname or "").lower():
        link.fail(f"it redirects to another host, {host[:80]}", refused=True)
        raise httpx2.ConnectError("another host")
    try:
        default = 443 if own.scheme == "https" else 80
        return await resolve_host(
            host,
            port or default,
            allow_private=server.allow_private,
            asker=f"mcp {server.name}",
            advice="",
        )
    except HarnessError as error:
        why = error.message.rstrip(". ")
        advice = "" if server.allow_private else "; allow_private = true allows private addresses"
        link.fail(f"{why}{advice if 'not public' in why else ''}", refused=True)
        raise httpx2.ConnectError(why) from None


def _check_reply(link: Link, request: httpx2.Request, reply: httpx2.Response) -> None:
    """Note why an answer is of no use; the SDK reports only that it is."""
    status, kind = reply.status_code, reply.headers.get("content-type", "")
    if is_compressed(reply):
        raise_refusal(link, "its answer is compressed, which was not requested")
    if request.method != "POST":
        return
    if status in (401, 403):
        if link.server.auth is None:
            return  # the sign-in decides what follows
        link.fail(f"it answered {status}: check its auth", refused=True)
    elif is_busy(status):
        link.fail(f"it answered {status}", refused=status in (425, 429))
    elif 300 <= status < 400:
        link.fail(f"it answered {status}, a redirect that is not followed", refused=True)
    elif status == 200 and not kind.lower().startswith((JSON, EVENTS)):
        link.fail(f"it answered with {kind[:80] or 'no content type'}, which is not MCP")


def raise_refusal(link: Link, why: str) -> None:
    import httpx2

    link.fail(why)
    raise httpx2.RemoteProtocolError(why)
