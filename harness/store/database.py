"""One pool of connections to Postgres per process.

Not psycopg_pool, which connects in the background with a growing delay and reports a timeout: this
pool reports immediately why the database is unreachable, and recovers as soon as it is back.
psycopg is loaded when a database is opened, not when this module is imported.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

from harness.contracts.errors import InvalidValue, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from psycopg import AsyncConnection, DataError

Row = tuple[Any, ...]

CONNECT_SECONDS = 5
LISTEN_SECONDS = 20.0
END = "SELECT pg_terminate_backend(pid), pg_sleep(0.5) FROM pg_stat_activity WHERE pid = %s"


class Database:
    """The Postgres of a project, as one pool of connections for the process."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.url = url
        self.name = _display_name(url)
        self._slots = asyncio.Semaphore(pool_size)
        self._idle: list[AsyncConnection[Row]] = []
        self._closed = False
        self._ending: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        for task in self._ending:
            task.cancel()
        await self._drop_idle()

    async def connect(self) -> AsyncConnection[Row]:
        """Open a connection outside the pool, for long-lived holders: listening, holding locks."""
        from psycopg import AsyncConnection, OperationalError

        try:
            return await AsyncConnection.connect(
                self.url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name="harness",
            )
        except OperationalError as error:
            raise self.unavailable_error(error) from error

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection[Row]]:
        """Borrow a connection from the pool, in autocommit; use `connection.transaction()` for more
        than one statement."""
        from psycopg import DataError, InternalError, OperationalError

        async with contextlib.AsyncExitStack() as slot:
            await slot.enter_async_context(self._slots)
            connection = await self._take_connection()
            pid = connection.info.backend_pid
            try:
                yield connection
            except (OperationalError, InternalError) as error:
                raise self.unavailable_error(error) from error
            except DataError as error:
                raise _text_error(error) or error from error
            except BaseException:
                if connection.broken:
                    # Abandoned in the middle of a statement that did not stop when cancelled. The
                    # server process still runs, so the slot is not free.
                    self._end_later(pid, slot.pop_all())
                raise
            finally:
                await self._give_back(connection)

    def _end_later(self, pid: int, slot: contextlib.AsyncExitStack) -> None:
        task = asyncio.create_task(self._end_backend(pid, slot))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end_backend(self, pid: int, slot: contextlib.AsyncExitStack) -> None:
        """Keep the slot until the server process ends. It ignores signals while it computes."""
        from psycopg import OperationalError

        async with slot:
            with contextlib.suppress(StoreError, OperationalError):
                async with await self.connect() as connection:
                    while await (await connection.execute(END, (pid,))).fetchone():
                        pass

    async def fetch(
        self,
        query: LiteralString,
        params: Sequence[Any] | Mapping[str, Any] = (),
        *,
        prepare: bool | None = None,
    ) -> list[Row]:
        """Run one idempotent statement and return its rows; it is retried once if the connection
        turns out to be broken. Missing or inaccessible tables count as an outage, because an
        administrator can restore them.

        Args:
            query: The statement, with %s for each parameter, or %(name)s.
            params: The parameters.
            prepare: False plans the statement for its parameters each time.

        Returns:
            The rows; none for a statement without a result.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        from psycopg import DataError, InternalError, OperationalError
        from psycopg.errors import InsufficientPrivilege, InvalidSchemaName, UndefinedTable

        async with self._slots:
            for again in (True, False):
                connection = await self._take_connection()
                try:
                    cursor = await connection.execute(query, params, prepare=prepare, binary=True)
                    return await cursor.fetchall() if cursor.description else []
                except (OperationalError, InternalError) as error:
                    if not (again and connection.broken):
                        raise self.unavailable_error(error) from error
                    await self._drop_idle()
                except (UndefinedTable, InvalidSchemaName, InsufficientPrivilege) as error:
                    raise self.unavailable_error(error) from error
                except DataError as error:
                    raise _text_error(error) or error from error
                finally:
                    await self._give_back(connection)
        raise AssertionError("the second try returns or raises")

    async def listen(
        self, channel: LiteralString, ready: Callable[[], None], heard: Callable[[str], None]
    ) -> None:
        """Pass on notifications until the connection breaks, which raises.

        Args:
            channel: The channel of Postgres.
            ready: Called once nothing can be missed any more.
            heard: Called with the payload of each notification.
        """
        connection = await self.connect()
        async with connection:
            await connection.execute(f"LISTEN {channel}")
            ready()
            while True:
                async for notice in connection.notifies(timeout=LISTEN_SECONDS):
                    heard(notice.payload)
                await connection.execute(
                    "SELECT 1"
                )  # a dead connection raises only when it is used

    def unavailable_error(self, error: Exception) -> StoreError:
        """Describe an error of psycopg as one of this database.

        Args:
            error: What psycopg raised.

        Returns:
            The error to raise from it.
        """
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        why = lines[0] if lines else type(error).__name__
        return StoreUnavailable(f"Postgres {self.name} cannot be used: {why}")

    async def _take_connection(self) -> AsyncConnection[Row]:
        from psycopg import OperationalError

        if self._closed:
            raise StoreUnavailable(f"Postgres {self.name} was closed by this process.")
        while self._idle:
            connection = self._idle.pop()
            try:
                # No round trip: detects a hangup; twice, as the server may send a last message.
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

    async def _give_back(self, connection: AsyncConnection[Row]) -> None:
        from psycopg.pq import TransactionStatus

        usable = connection.pgconn.transaction_status == TransactionStatus.IDLE
        if usable and not self._closed:
            self._idle.append(connection)
        else:
            await connection.close()


def _text_error(error: DataError) -> InvalidValue | None:
    """The error of a text with a NUL, which Postgres keeps in no text. psycopg finds it in a
    parameter, the server in an array or in JSON."""
    unkept = ("22021", "22P05")  # character_not_in_repertoire, untranslatable_character
    if "NUL" not in str(error) and error.sqlstate not in unkept:
        return None
    return InvalidValue("A text contains a NUL character.", fix="Remove the character.")


def _display_name(url: str) -> str:
    """Return host, port and name of the database, without user and password."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        raise InvalidValue(
            "database.url is not a Postgres address such as postgresql://user@host/name"
        ) from None
    host, port = parts.get("host", "localhost"), parts.get("port", 5432)
    return f"{host}:{port}/{parts.get('dbname', '')}"
