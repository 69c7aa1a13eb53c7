"""One pool of connections to Postgres per process.

A pool of our own, because it must say at once why the database cannot be reached and be back the
moment it can: psycopg_pool connects in the background with a growing delay and reports a timeout.
psycopg is loaded when a database is opened, not when this module is imported.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

from harness.contracts.errors import InvalidValue, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from psycopg import AsyncConnection

Row = tuple[Any, ...]

CONNECT_SECONDS = 5
LISTEN_SECONDS = 20.0
END = "SELECT pg_terminate_backend(pid), pg_sleep(0.5) FROM pg_stat_activity WHERE pid = %s"


class Database:
    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = url
        self.name = _name(url)
        self._slots = asyncio.Semaphore(pool_size)
        self._idle: list[AsyncConnection[Row]] = []
        self._closed = False
        self._ending: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        self._closed = True
        for task in self._ending:
            task.cancel()
        await self._drop_idle()

    async def connect(self) -> AsyncConnection[Row]:
        """A connection outside the pool, for who keeps one long: to listen, or to hold a lock."""
        from psycopg import AsyncConnection, OperationalError

        try:
            return await AsyncConnection.connect(
                self.url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name="harness",
            )
        except OperationalError as error:
            raise self.unavailable(error) from error

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection[Row]]:
        """A connection of the pool, in autocommit; `async with connection.transaction()` for more
        than one statement."""
        from psycopg import InternalError, OperationalError

        async with contextlib.AsyncExitStack() as slot:
            await slot.enter_async_context(self._slots)
            connection = await self._take()
            pid = connection.info.backend_pid
            try:
                yield connection
            except (OperationalError, InternalError) as error:
                raise self.unavailable(error) from error
            except BaseException:
                if connection.broken:
                    # Given up in the middle of a statement that did not stop when cancelled. Its
                    # process goes on, so its place is not free.
                    self._end_later(pid, slot.pop_all())
                raise
            finally:
                await self._give(connection)

    def _end_later(self, pid: int, slot: contextlib.AsyncExitStack) -> None:
        task = asyncio.create_task(self._end(pid, slot))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end(self, pid: int, slot: contextlib.AsyncExitStack) -> None:
        """Keep the slot until the server process is gone. It sees no signal while it computes."""
        from psycopg import OperationalError

        async with slot:
            with contextlib.suppress(StoreError, OperationalError):
                async with await self.connect() as connection:
                    while await (await connection.execute(END, (pid,))).fetchone():
                        pass

    async def fetch(self, query: LiteralString, params: Sequence[Any] = ()) -> list[Row]:
        """The rows of one statement that does no harm when it runs twice: it is tried again where
        its connection turns out to be broken. Tables of ours that are gone, or closed to us, are an
        outage: somebody can bring them back."""
        from psycopg import InternalError, OperationalError
        from psycopg.errors import InsufficientPrivilege, InvalidSchemaName, UndefinedTable

        async with self._slots:
            for again in (True, False):
                connection = await self._take()
                try:
                    cursor = await connection.execute(query, params, binary=True)
                    return await cursor.fetchall() if cursor.description else []
                except (OperationalError, InternalError) as error:
                    if not (again and connection.broken):
                        raise self.unavailable(error) from error
                    await self._drop_idle()
                except (UndefinedTable, InvalidSchemaName, InsufficientPrivilege) as error:
                    raise self.unavailable(error) from error
                finally:
                    await self._give(connection)
        raise AssertionError("the second try returns or raises")

    async def listen(
        self, channel: LiteralString, ready: Callable[[], None], heard: Callable[[str], None]
    ) -> None:
        """Tell `heard` what is said on `channel`, until the connection breaks: that raises, and
        whoever listens says how it goes on. `ready` is called once nothing is missed any more."""
        connection = await self.connect()
        async with connection:
            await connection.execute(f"LISTEN {channel}")
            ready()
            while True:
                async for notice in connection.notifies(timeout=LISTEN_SECONDS):
                    heard(notice.payload)
                await connection.execute("SELECT 1")  # a dead connection says nothing by itself

    def unavailable(self, error: Exception) -> StoreError:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        why = lines[0] if lines else type(error).__name__
        return StoreUnavailable(f"Postgres {self.name} cannot be used: {why}")

    async def _take(self) -> AsyncConnection[Row]:
        from psycopg import OperationalError

        if self._closed:
            raise StoreUnavailable(f"Postgres {self.name} was closed by this process.")
        while self._idle:
            connection = self._idle.pop()
            try:
                # No round trip: sees that the server hung up; twice, for it may say farewell first.
                connection.pgconn.consume_input()
                connection.pgconn.consume_input()
            except OperationalError:
                await connection.close()
                continue
            return connection
        return await self.connect()

    async def _drop_idle(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _give(self, connection: AsyncConnection[Row]) -> None:
        from psycopg.pq import TransactionStatus

        usable = connection.pgconn.transaction_status == TransactionStatus.IDLE
        if usable and not self._closed:
            self._idle.append(connection)
        else:
            await connection.close()


def _name(url: str) -> str:
    """The database as it may be shown: without user and password."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        raise InvalidValue(
            "database.url is not a Postgres address: postgresql://user@host/name"
        ) from None
    host, port = parts.get("host", "localhost"), parts.get("port", 5432)
    return f"{host}:{port}/{parts.get('dbname', '')}"
