"""A proxy in front of Temporal's web page that passes only requests meant for its own address.

Temporal's server checks neither Host nor Origin, so any web page could read runs through DNS
rebinding, and signal them. It listens at an address that no page can guess, behind this proxy.
Each connection carries one request: what follows it is not read.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.stack import ports

_HEAD_LIMIT = 32_768
_HEAD_SECONDS = 20.0
_MOST_CONNECTIONS = 256
_CHUNK = 65_536
_READING = ("GET", "HEAD")
_HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "upgrade")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*")
_REQUEST = re.compile(r"([A-Z]{1,16}) (/[^\s\0]*) HTTP/1\.[01]")


class Refused(Exception):
    def __init__(self, status: str, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass
class Door:
    """A proxy that listens and forwards to the address that `behind` returns at the moment."""

    port: int
    behind: Callable[[], tuple[str, int] | None]
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Listen; raises OSError if the port is taken."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._serve_connection, ports.HOST, self.port, limit=_HEAD_LIMIT
            )

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()

    async def _serve_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if len(self._open) > _MOST_CONNECTIONS:
                raise Refused("503 Service Unavailable", "Too many connections are open.")
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            await self._forward_request(check_request(head, self.port), reader, writer)
        except Refused as refused:
            await _send_refusal(writer, refused)
        except asyncio.LimitOverrunError:
            await _send_refusal(
                writer, Refused("431 Request Header Fields Too Large", "The headers are too long.")
            )
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, or the proxy is closing
        finally:
            self._open.discard(task)
            writer.close()

    async def _forward_request(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        behind = self.behind()
        try:
            if behind is None:
                raise OSError("not running")
            inner_reader, inner_writer = await asyncio.open_connection(*behind)
        except OSError:
            raise Refused("502 Bad Gateway", "Temporal's page is restarting.") from None
        try:
            inner_writer.write(head)
            sending = asyncio.create_task(_copy_stream(reader, inner_writer))
            answering = asyncio.create_task(_copy_stream(inner_reader, writer))
            # Stop when either ends: a browser that hangs up does not wait for an answer.
            try:
                await asyncio.wait((sending, answering), return_when=asyncio.FIRST_COMPLETED)
            finally:
                sending.cancel()
                answering.cancel()
                await asyncio.gather(sending, answering, return_exceptions=True)
        finally:
            inner_writer.close()


def check_request(head: bytes, port: int) -> bytes:
    """Return the head to forward; raises Refused for requests not meant for this address."""
    try:
        request, *lines = head.removesuffix(b"\r\n\r\n").decode("latin-1").split("\r\n")
        found = [_HEADER.fullmatch(line) for line in lines]
    except ValueError:
        found, request = [None], ""
    asked = _REQUEST.fullmatch(request)
    if asked is None or None in found:
        raise Refused("400 Bad Request", "The request is malformed.")
    headers = [(match[1].lower(), match[2]) for match in found if match is not None]
    hosts = [value.lower() for name, value in headers if name == "host"]
    allowed = (f"{ports.HOST}:{port}", f"localhost:{port}")
    if len(hosts) != 1 or hosts[0] not in allowed:
        raise Refused("403 Forbidden", f"This page answers only at http://{ports.HOST}:{port}.")
    origins = [value.lower() for name, value in headers if name == "origin"]
    sites = [value for name, value in headers if name == "sec-fetch-site"]
    foreign = any(site not in ("same-origin", "none") for site in sites)
    if any(origin != f"http://{hosts[0]}" for origin in origins) or (
        foreign and asked[1] not in _READING
    ):
        raise Refused("403 Forbidden", "Requests from other web pages are refused.")
    kept = [f"{name}: {value}" for name, value in headers if name not in _HOP_BY_HOP]
    return "\r\n".join([request, *kept, "connection: close", "", ""]).encode("latin-1")


async def _copy_stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


async def _send_refusal(writer: asyncio.StreamWriter, refused: Refused) -> None:
    body = refused.why.encode() + b"\n"
    head = (
        f"HTTP/1.1 {refused.status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError):
        writer.write(head.encode() + body)
        await writer.drain()
