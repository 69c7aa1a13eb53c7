"""What all requests to MCP servers and their authorization servers share: a secret of the user's,
the address that was checked, and an answer within limits."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from pydantic import SecretStr

from harness.commons.certificates import load_certificates
from harness.commons.headers import MAX_HEADER
from harness.commons.redact import register_secrets
from harness.contracts.errors import McpUnavailable

if TYPE_CHECKING:
    import httpx2

CONNECT_S = 15.0
MAX_SECRET = 16_000
FROM_ENV = "env:"
BUSY = (408, 425, 429)
"""Statuses of a server that may answer later; those of 500 and above do too."""


def read_secret(server: str, key: str, secret: SecretStr) -> str:
    """Read a secret of a server, from the variable that it names or as it stands.

    Args:
        server: The server's name.
        key: The key of its section that holds the secret.
        secret: The value of the key.
    """
    value = secret.get_secret_value()
    if value.startswith(FROM_ENV):
        name = value.removeprefix(FROM_ENV)
        value = os.environ.get(name, "")
        if not value:
            raise McpUnavailable(
                f"The MCP server {server} needs the variable {name}, which is not set.",
                fix=f"Set {name} in the environment of the worker.",
            )
    value = value.strip()
    if not is_sendable(value):
        raise McpUnavailable(
            f"The {key} of the MCP server {server} has characters that a header cannot have.",
            fix="Correct the value: it must be one line of ASCII.",
        )
    register_secrets([value])
    return value


def is_sendable(value: str) -> bool:
    """Whether a secret can stand in a header."""
    return value.isascii() and value.isprintable() and len(value) <= MAX_SECRET


def guard_transport(
    find_address: Callable[[httpx2.Request], Awaitable[str]],
    check_reply: Callable[[httpx2.Request, httpx2.Response], None],
    bound: Callable[[httpx2.Response], AsyncIterator[bytes]],
) -> httpx2.AsyncBaseTransport:
    """Make the transport of a client. httpx2 loads slowly, so its subclasses are made here.

    Args:
        find_address: Finds the address that a request may go to, or raises.
        check_reply: Raises if an answer is of no use.
        bound: Passes on the blocks of an answer, within limits.
    """
    import httpx2

    inner = httpx2.AsyncHTTPTransport(verify=load_certificates("httpx2"), trust_env=False)

    class Guarded(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            address = await find_address(request)
            reply = await inner.handle_async_request(_aim_request(request, address))
            try:
                check_reply(request, reply)
            except BaseException:
                await reply.aclose()
                raise
            return _keep_reply(reply, Bounded(reply))

        async def aclose(self) -> None:
            await inner.aclose()

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, reply: httpx2.Response) -> None:
            self._reply = reply

        def __aiter__(self) -> AsyncIterator[bytes]:
            return bound(self._reply)

        async def aclose(self) -> None:
            await self._reply.aclose()

    return Guarded()


def _aim_request(request: httpx2.Request, address: str) -> httpx2.Request:
    """Direct a request to an address that was checked; the name stays in Host and in TLS."""
    import httpx2

    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=[*request.headers.raw],
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


def _keep_reply(reply: httpx2.Response, stream: httpx2.AsyncByteStream) -> httpx2.Response:
    """Keep of an answer the headers of a sensible size, with another stream for its body."""
    import httpx2

    kept = [(k, v) for k, v in reply.headers.raw if len(v) <= MAX_HEADER]
    return httpx2.Response(
        reply.status_code,
        headers=[(k, v) for k, v in kept if k.lower() != b"set-cookie"],
        stream=stream,
        extensions=reply.extensions,
    )


def is_busy(status: int) -> bool:
    """Whether a server that answers this may answer otherwise later."""
    return status in BUSY or status >= 500


def is_compressed(reply: httpx2.Response) -> bool:
    """Whether an answer is compressed, which is never requested: it may unpack to anything."""
    return reply.headers.get("content-encoding", "identity").lower() not in ("", "identity")
