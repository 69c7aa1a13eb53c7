"""What connects a call to its worker: heartbeats, progress, threads, time limits."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydantic_core import to_jsonable_python
from temporalio import activity

from harness.agent.memory_tools import RunMemory
from harness.commons.children import caller
from harness.config.settings import HttpToolSettings
from harness.contracts.errors import StoreUnavailable, ToolFailed
from harness.contracts.tool import POOL_WAIT_S
from harness_activities.tool_call.results import Artifacts

if TYPE_CHECKING:
    from psycopg import AsyncConnection


class Progress(Protocol):
    """Shows watchers the progress of a tool. Called on the event loop."""

    def tool_progress(self, run: str, turn: int, call_id: str, text: str) -> None: ...


class Connections(Protocol):
    """Where a tool's transaction comes from: the ledger that records it."""

    def connection(self) -> contextlib.AbstractAsyncContextManager[AsyncConnection[Any]]: ...


BEAT_S = 1.0
MAX_PROGRESS = 2_000


@dataclass(kw_only=True)
class CallHost:
    """What is behind a ToolContext. Tools call it from threads as well."""

    run: str
    turn: int
    call_id: str
    http: HttpToolSettings
    artifacts: Artifacts
    sink: Progress
    info: activity.Info
    loop: asyncio.AbstractEventLoop
    left: Any = None
    """What the tool left for its next attempt."""
    memory: RunMemory | None = None
    """The memories of the run's owner, if the agent has a memory policy."""
    database: Connections | None = None
    """Connections for statements of tools, separate so that slow ones delay nothing else."""
    ledger: Connections | None = None
    """Absent for a tool that changes nothing."""
    key: str | None = None
    """The call's idempotency key, once it is known."""
    given: Any = None
    """The receipt that the tool gave."""
    undos: int = 0
    """How often the effect was undone before."""
    inside: AsyncConnection[Any] | None = field(default=None, init=False)
    """The connection of the tool's transaction, once it has one."""
    _open: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _over: bool = field(default=False, init=False)

    def progress(self, text: str) -> None:
        self._on_loop(self._send_progress, str(text)[:MAX_PROGRESS])

    def heartbeat(self, details: Any) -> None:
        self._on_loop(self._keep_details, to_jsonable_python(details))

    def receipt(self, value: Any) -> None:
        # A receipt that JSON cannot represent must not make the effect look failed.
        self.given = to_jsonable_python(value, fallback=str)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection[Any]]:
        if self.ledger is None:
            raise ToolFailed("A tool that only reads has no transaction.")
        with _retry_outage():
            if self.inside is None:
                where = self.database or self.ledger
                connection = await self._open.enter_async_context(where.connection())
                await self._open.enter_async_context(connection.transaction())
                self.inside = connection
            async with self.inside.transaction():
                yield self.inside

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection[Any]]:
        """Open a connection in a read-only transaction, which is rolled back."""
        if self.database is None:
            raise ToolFailed("This worker has no database for tools.")
        async with (
            self.database.connection() as connection,
            connection.transaction(force_rollback=True),
        ):
            await connection.execute("SET TRANSACTION READ ONLY")
            yield connection

    @contextlib.asynccontextmanager
    async def preparing(self) -> AsyncGenerator[AsyncConnection[Any]]:
        """Open a connection in autocommit, for what a tool needs before its transaction."""
        if self.database is None:
            raise ToolFailed("This worker has no database for tools.")
        with _retry_outage():
            async with self.database.connection() as connection:
                yield connection

    async def commit(self) -> None:
        """Commit the tool's transaction, including its entry in the ledger."""
        await self._open.aclose()

    async def rollback(self, error: BaseException) -> None:
        with contextlib.suppress(type(error)):
            await self._open.__aexit__(type(error), error, None)

    async def read_artifact(self, artifact: str, offset: int, limit: int | None) -> bytes:
        return await self.artifacts.get(artifact, offset, limit)

    async def put_artifact(self, content: bytes) -> str:
        return await self.artifacts.put(content, run=self.run)

    def start_heartbeats(self) -> None:
        """Start a timer that sends heartbeats: a call that ends before it fires costs nothing
        more."""
        caller.set(self.run)
        timeout = self.info.heartbeat_timeout
        if timeout is not None and not self.info.is_local:
            every = min(BEAT_S, timeout.total_seconds() / 3)
            self._timer = self.loop.call_later(every, self._send_heartbeat, every)

    def stop_heartbeats(self) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()

    def _on_loop(self, fn: Callable[[Any], None], value: Any) -> None:
        try:
            here = asyncio.get_running_loop() is self.loop
        except RuntimeError:
            here = False
        if here:
            fn(value)
        else:
            self.loop.call_soon_threadsafe(fn, value)

    def _send_progress(self, text: str) -> None:
        if not self._over:
            self.sink.tool_progress(self.run, self.turn, self.call_id, text)

    def _keep_details(self, details: Any) -> None:
        self.left = details
        if not self._over and not self.info.is_local:
            activity.heartbeat({"left": details})

    def _send_heartbeat(self, every: float) -> None:
        # The server keeps only the newest heartbeat, so each one carries what was left.
        activity.heartbeat(*([] if self.left is None else [{"left": self.left}]))
        self._timer = self.loop.call_later(every, self._send_heartbeat, every)


@contextlib.contextmanager
def _retry_outage() -> Generator[None]:
    """Convert the loss of our own Postgres to an error that is retried: it is not a failure of the
    tool. Errors of a statement remain the tool's own."""
    from psycopg import OperationalError
    from psycopg.errors import AdminShutdown, CrashShutdown

    try:
        yield
    except OperationalError as error:
        if error.sqlstate and not isinstance(error, AdminShutdown | CrashShutdown):
            raise
        why = str(error).strip().partition("\n")[0]
        raise StoreUnavailable(f"Postgres was lost during a transaction: {why}") from error


def read_last_heartbeat(info: activity.Info) -> Any:
    """Read what the previous attempt left with its heartbeat."""
    if info.attempt == 1 or not info.heartbeat_details:
        return None
    details = info.heartbeat_details[0]
    return cast("dict[str, Any]", details).get("left") if isinstance(details, dict) else None


def get_time_limit(
    timeout_s: float | None, info: activity.Info, *, pooled: bool = False
) -> float | None:
    """Return the tool's own timeout, or slightly less than Temporal's: a tool that is stopped here
    reports why, one that Temporal stops does not. `pooled`: Temporal's includes a wait."""
    engine = info.start_to_close_timeout
    if engine is None:
        return timeout_s
    total = engine.total_seconds()
    if pooled and total > POOL_WAIT_S:
        total -= POOL_WAIT_S
    within = total - min(1.0, total / 20)
    return within if timeout_s is None else min(timeout_s, within)


async def invoke_function(
    pool: Executor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Any:
    """Await an async function; run any other in a thread, with the same context variables."""
    if is_async(fn):
        return await fn(*args, **kwargs)
    context = contextvars.copy_context()
    call = functools.partial(context.run, _in_thread, fn, *args, **kwargs)
    value = await asyncio.get_running_loop().run_in_executor(pool, call)
    return await cast("Awaitable[Any]", value) if inspect.isawaitable(value) else value


def is_async(fn: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(
        getattr(fn, "__call__", None)  # noqa: B004 - an object whose call is async
    )


def _in_thread(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    try:
        return fn(*args, **kwargs)
    except StopIteration as error:  # a future cannot carry it: its awaiter would hang
        raise RuntimeError("StopIteration") from error
