"""Locks that end when their holder dies: session locks on one connection of this process."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

from harness.contracts.errors import StoreError
from harness.store.database import Database, Row

if TYPE_CHECKING:
    from psycopg import AsyncConnection

KEEPALIVE = """
SELECT set_config('tcp_keepalives_idle', '10', false),
       set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false)
"""
"""A host that loses power closes nothing: Postgres notices within 25 s instead of two hours."""
LOOK_S = 0.25
"""How often a process that holds locks checks its connection."""
AGAIN = "SELECT pg_try_advisory_lock(k) FROM unnest(%s::bigint[]) AS k"


def lock_number(key: str) -> int:
    """Hash a key to 64 bits, which is how Postgres identifies advisory locks."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)


class LockSession:
    """Runs statements that take and release locks. `held` lists the locks that are taken: a lost
    connection loses them, and the next one takes those that are still free. It is opened as soon
    as the database is back, not at the next statement: a call may act for long before that, and
    without its lock another attempt would consider it dead."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: AsyncConnection[Row] | None = None
        self._opening = asyncio.Lock()
        self._keeping: asyncio.Task[None] | None = None
        self.held: set[int] = set()
        self.opened = 0
        """How many connections there have been."""

    async def ensure_open(self) -> int:
        """Open a connection if necessary; returns the number of the one the next statement uses."""
        connection = self._connection
        if connection is not None and not connection.lock.locked():
            await _is_cut(connection)
        await self._open_connection()
        return self.opened

    def hold(self, number: int) -> None:
        """Keep a lock that a statement took, until it is discarded from `held`."""
        self.held.add(number)
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep_connected())

    async def unlock(self, number: int) -> None:
        """Release a lock. A lost connection has lost it already."""
        self.held.discard(number)
        if self._connection is not None and not self._connection.closed:
            await self.fetch("SELECT pg_advisory_unlock(%s)", (number,))

    async def fetch(
        self, query: LiteralString, params: Sequence[Any] | Mapping[str, Any]
    ) -> list[Row]:
        """Run one statement, a second time if the connection breaks, and return its rows."""
        from psycopg import InternalError, OperationalError

        for again in (True, False):
            connection = await self._open_connection()
            try:
                cursor = await connection.execute(query, params, prepare=True)
                return await cursor.fetchall() if cursor.description else []
            except (OperationalError, InternalError) as error:
                if not (again and connection.closed):
                    raise self._database.unavailable_error(error) from error
        raise AssertionError("the second try returns or raises")

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
        if self._connection is not None:
            await self._connection.close()

    async def _keep_connected(self) -> None:
        while self.held:
            await asyncio.sleep(LOOK_S)
            connection = self._connection
            if not self.held or connection is None or connection.lock.locked():
                continue  # the statement in progress notices
            if await _is_cut(connection):
                with contextlib.suppress(StoreError):  # the database is still down
                    await self._open_connection()

    async def _open_connection(self) -> AsyncConnection[Row]:
        async with self._opening:
            if self._connection is None or self._connection.closed:
                opened = await self._database.connect()
                await opened.execute(KEEPALIVE)
                if self.held:
                    await opened.execute(AGAIN, (list(self.held),))
                self._connection = opened
                self.opened += 1
            return self._connection


async def _is_cut(connection: AsyncConnection[Row]) -> bool:
    """Whether the server has closed the connection; makes no round trip."""
    from psycopg import OperationalError

    if not connection.closed:
        try:
            connection.pgconn.consume_input()
            connection.pgconn.consume_input()  # the server may have sent a last message first
        except OperationalError:
            await connection.close()
    return connection.closed


async def run_shielded(work: Any) -> Any:
    """Await `work` to its end, even if the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait([task])
        raise
