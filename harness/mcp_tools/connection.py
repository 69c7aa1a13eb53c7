"""The connection to one MCP server: opened by the first request, kept warm, closed when idle."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from harness.agent.mcp_server import McpServer
from harness.commons.extras import require_extra
from harness.contracts.errors import HarnessError, McpMisbehaved, McpUnavailable
from harness.mcp_tools.declarations import Declared, read_declared
from harness.mcp_tools.http import open_http
from harness.mcp_tools.link import Link, shorten_words
from harness.mcp_tools.stdio import open_stdio
from harness.version import __version__

if TYPE_CHECKING:
    from mcp import Client, ClientSession

T = TypeVar("T")

START_S = 30.0
LIST_S = 15.0
CANCEL_S = 1.0
MAX_PAGES = 20
MAX_DECLARED = 1_000
LOST = frozenset({-32000, -32001, -32700})
"""Codes by which the SDK reports that no answer arrived: closed, timed out, unreadable."""


class Lost(Exception):
    """No usable answer arrived."""


class Answered(Exception):
    """The server answered a request with an error."""


@dataclass
class Session:
    """An open connection. The task owns it: the SDK wants it closed where it was opened."""

    link: Link
    task: asyncio.Task[None]
    closing: asyncio.Event
    client: ClientSession

    @property
    def is_usable(self) -> bool:
        return self.link.failure is None and not self.task.done()

    async def send(self, request: Coroutine[Any, Any, T]) -> T:
        """Await a request; Lost or Answered if it has no result."""
        from mcp import MCPError
        from pydantic import ValidationError

        asking = asyncio.ensure_future(request)
        try:
            await asyncio.wait([asking, self.task], return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise Lost(self.link.describe_failure())
            return asking.result()
        except MCPError as error:
            if self.link.failure is not None:
                raise Lost(self.link.describe_failure()) from None
            if error.code in LOST:
                raise Lost(shorten_words(error.message)) from None
            raise Answered(shorten_words(error.message)) from None
        except ValidationError:
            self.link.fail("it sent an answer that does not fit the protocol")
            raise Lost(self.link.describe_failure()) from None
        finally:
            if not asking.done():
                asking.cancel()
                # The SDK tells the server, which may not read.
                await asyncio.wait([asking], timeout=CANCEL_S)
            if asking.done() and not asking.cancelled():
                asking.exception()


@dataclass
class ServerConnection:
    """Opens sessions with one server, one at a time."""

    server: McpServer
    project: Path
    idle_s: float
    _session: Session | None = field(default=None, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _users: int = field(default=0, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _closed: bool = field(default=False, init=False)
    _closing: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    @asynccontextmanager
    async def use(self) -> AsyncGenerator[tuple[Session, dict[str, Declared]]]:
        """Open a session with what the server declares now. A session whose server died since the
        last call is replaced."""
        self._users += 1
        if self._timer is not None:
            self._timer.cancel()
        try:
            reused = self._session is not None
            session = await self._open()
            try:
                tools = await list_tools(session)
            except McpUnavailable:
                if not reused:
                    raise
                session = await self._open()
                tools = await list_tools(session)
            yield session, tools
        finally:
            self._users -= 1
            if self._users == 0 and not self._closed:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(self.idle_s, self._close_idle)

    async def close(self) -> None:
        """Close the session; no process of it is left."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        async with self._lock:
            await self._close_session()
        if self._closing:
            await asyncio.wait(self._closing)

    def _close_idle(self) -> None:
        task = asyncio.create_task(self._close_unused())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close_unused(self) -> None:
        async with self._lock:
            if self._users == 0:
                await self._close_session()

    async def _open(self) -> Session:
        async with self._lock:
            if self._closed:
                raise McpUnavailable(
                    f"The connection to the MCP server {self.server.name} is closed."
                )
            if self._session is not None and not self._session.is_usable:
                await self._close_session()
            if self._session is None:
                self._session = await _start_session(self.server, self.project)
            return self._session

    async def _close_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.closing.set()
            await asyncio.wait([session.task])


async def _start_session(server: McpServer, project: Path) -> Session:
    await import_sdk(server)
    link, closing = Link(server), asyncio.Event()
    ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(_hold_session(link, project, ready, closing))
    try:
        async with asyncio.timeout(START_S):
            await asyncio.wait([ready, task], return_when=asyncio.FIRST_COMPLETED)
    except BaseException as error:
        link.fail(f"it did not answer within {START_S:g} s")
        task.cancel()
        await asyncio.wait([task])
        if not isinstance(error, TimeoutError):
            raise
    if not ready.done() or task.done():
        task.cancel()
        if ready.done() and (known := ready.exception()) is not None:
            raise known
        raise link.make_error()
    if server.url:  # failures of a negotiation that succeeded
        link.failure = link.cause = None
    return Session(link, task, closing, ready.result().session)


async def _hold_session(
    link: Link, project: Path, ready: asyncio.Future[Client], closing: asyncio.Event
) -> None:
    """Hold a session open until it is closed or fails."""
    from mcp import Client
    from mcp_types import Implementation

    opening = open_http(link, project) if link.server.url else open_stdio(link, project)
    try:
        async with Client(
            cast("Any", _Transport(opening)),
            client_info=Implementation(name="durable-harness", version=__version__),
            cache=None,
            read_timeout_seconds=START_S + 1,
        ) as client:
            ready.set_result(client)
            await closing.wait()
    except (Exception, asyncio.CancelledError) as error:
        link.fail(_describe_error(error))
        known = find_harness_error(error)
        if known is not None and not ready.done():
            ready.set_exception(known)


@dataclass
class _Transport:
    """A transport as the SDK's client enters it."""

    opening: AbstractAsyncContextManager[Any]

    async def __aenter__(self) -> Any:
        return await self.opening.__aenter__()

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self.opening.__aexit__(*error)


def find_harness_error(error: BaseException) -> HarnessError | None:
    """Find our own error in the groups that the SDK's tasks raise."""
    if isinstance(error, BaseExceptionGroup):
        inner = cast("tuple[BaseException, ...]", error.exceptions)
        return next((found for each in inner if (found := find_harness_error(each))), None)
    return error if isinstance(error, HarnessError) else None


def _describe_error(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseException", error.exceptions[0])
    return shorten_words(str(error)) or type(error).__name__


async def list_tools(session: Session) -> dict[str, Declared]:
    """List what the server declares now, by name."""
    from mcp_types import PaginatedRequestParams

    found: dict[str, Declared] = {}
    cursor, name = None, session.link.server.name
    try:
        async with asyncio.timeout(LIST_S):
            for _ in range(MAX_PAGES):
                page = await session.send(
                    session.client.list_tools(params=PaginatedRequestParams(cursor=cursor))
                )
                for tool in page.tools:
                    hints = tool.annotations.model_dump(by_alias=True) if tool.annotations else {}
                    declared = read_declared(tool.name, tool.description, tool.input_schema, hints)
                    found.setdefault(tool.name, declared)
                cursor = page.next_cursor
                if len(found) > MAX_DECLARED or cursor is None:
                    break
    except (Lost, TimeoutError) as why:
        session.link.fail(str(why) or f"it did not list its tools within {LIST_S:g} s")
        raise session.link.make_error() from None
    except Answered as why:
        raise McpMisbehaved(f"The MCP server {name} does not list its tools: {why}.") from None
    if len(found) > MAX_DECLARED or cursor is not None:
        raise McpMisbehaved(f"The MCP server {name} declares too many tools.")
    return found


async def import_sdk(server: McpServer) -> None:
    """Import the SDK outside of the event loop, which it would block for half a second."""
    require_extra("mcp", f"The MCP server {server.name}", "mcp")
    if "mcp" not in sys.modules:
        await asyncio.to_thread(import_module, "mcp")
    # It logs what servers send, with tracebacks; our errors say what matters.
    logging.getLogger("mcp.client").setLevel(logging.CRITICAL)
