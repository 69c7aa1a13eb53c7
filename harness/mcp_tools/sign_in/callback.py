"""Where the browser returns to: one port of this machine, as long as a person signs in.

Any program and any page of the browser can call it, so what lacks the state of this sign-in is
refused, and waiting goes on.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from harness.contracts.errors import McpSignInFailed
from harness.mcp_tools.link import shorten_words

HOST = "127.0.0.1"
PATH = "/callback"
HEAD_S = 5.0
MAX_HEAD = 16 * 1024
MAX_CALLERS = 20
MAX_VALUE = 8_000
DONE = "You are signed in. Close this page and return to the terminal."
REFUSED = "The sign-in was refused. Return to the terminal."
STRANGE = "This is not an answer of the sign-in that is under way."
NAMES = ("state", "code", "iss", "error", "error_description")


@dataclass(frozen=True)
class Returned:
    """What the authorization server sent back with the browser."""

    code: str = field(default="", repr=False)
    state: str = field(default="", repr=False)
    iss: str | None = None
    error: str = ""


def read_returned(target: str) -> Returned:
    """Read the address that the browser returned to.

    Raises:
        McpSignInFailed: It is not one.
    """
    try:
        query = parse_qs(urlsplit(target).query, max_num_fields=20, keep_blank_values=True)
    except ValueError:
        query = {}
    found = {name: query.get(name, []) for name in NAMES}
    if any(len(each) > 1 or len("".join(each)) > MAX_VALUE for each in found.values()):
        raise McpSignInFailed("The address has a value twice, or one that is too long.")
    values = {name: each[0] for name, each in found.items() if each}
    words = (values.get("error", ""), values.get("error_description", ""))
    error = ": ".join(shorten_words(each) for each in words if each)
    if not error and not (values.get("code") and values.get("state")):
        raise McpSignInFailed(
            "This is not the address that the browser returned to: it has no code and state."
        )
    return Returned(values.get("code", ""), values.get("state", ""), values.get("iss"), error)


@dataclass
class Callback:
    """Waits for the browser."""

    port: int
    _state: str | None = field(default=None, repr=False)
    _callers: dict[asyncio.Task[None], None] = field(default_factory=dict[asyncio.Task[None], None])
    """The oldest first."""
    _returned: asyncio.Future[Returned] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}{PATH}"

    def expect(self, state: str) -> None:
        """Accept what carries this state, from now on."""
        self._state = state

    async def wait(self) -> Returned:
        return await asyncio.shield(self._returned)

    def take(self, returned: Returned) -> bool:
        """Take what came back, if it belongs to this sign-in."""
        if self._state is None or not secrets.compare_digest(
            returned.state.encode(), self._state.encode()
        ):
            return False
        if not self._returned.done():
            self._returned.set_result(returned)
        return True

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, in a task. Of too many callers, the oldest leaves: a browser sends
        its request at once, and what only holds a connection must not keep it out."""

        def leave(task: asyncio.Task[None]) -> None:
            self._callers.pop(task, None)
            writer.close()

        task = asyncio.create_task(self._handle(reader, writer))
        task.add_done_callback(leave)
        self._callers[task] = None
        if len(self._callers) > MAX_CALLERS:
            oldest = next(iter(self._callers))
            del self._callers[oldest]
            oldest.cancel()

    async def close(self) -> None:
        """End all connections."""
        for task in self._callers:
            task.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(
            TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(HEAD_S):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(self._answer(head))
                await writer.drain()

    def _answer(self, head: str) -> bytes:
        line, *rest = head.split("\r\n")
        method, _, target = line.rpartition(" ")[0].partition(" ")
        hosts = [each[5:].strip() for each in rest if each.lower().startswith("host:")]
        if method != "GET" or hosts != [f"{HOST}:{self.port}"] or target.partition("?")[0] != PATH:
            return _page("404 Not Found", STRANGE)
        try:
            returned = read_returned(target)
        except McpSignInFailed:
            return _page("400 Bad Request", STRANGE)
        if not self.take(returned):
            return _page("400 Bad Request", STRANGE)
        return _page("200 OK", REFUSED if returned.error else DONE)


def _page(status: str, words: str) -> bytes:
    body = f"<!doctype html><meta charset=utf-8><title>harness</title><p>{words}".encode()
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def open_callback(port: int | None, former: int | None) -> AsyncGenerator[Callback]:
    """Listen on the port that the client was registered with, or on any free one.

    Args:
        port: The only port that may be used.
        former: The port of the last sign-in, which is used again if it is free.
    """
    server, callbacks = None, list[Callback]()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not a coroutine: Python 3.11 prints a traceback for each of its own that is cancelled.
        callbacks[0].accept(reader, writer)

    for each in [port] if port else [former, 0]:
        if each is not None:
            with suppress(OSError):
                server = await asyncio.start_server(accept, HOST, each, limit=MAX_HEAD)
                break
    if server is None:
        raise McpSignInFailed(
            f"The browser cannot return to port {port}: it is in use.",
            fix="End the program that uses it, or change oauth.redirect_port.",
        )
    callbacks.append(Callback(server.sockets[0].getsockname()[1]))
    try:
        yield callbacks[0]
    finally:
        server.close()
        await callbacks[0].close()
