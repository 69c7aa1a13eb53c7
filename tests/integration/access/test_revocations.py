"""An open stream learns at once that its caller may no longer read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import LiteralString

import pytest

from harness.access import client as access
from harness.access.authenticate import authenticate
from harness.access.revocations import Revocations
from harness.access.sign_in import create_sign_in_code, exchange_code
from harness.api.caller import LOCAL, Caller, Role
from harness.engine.connection import Connection
from tests.fakes.access import connection
from tests.fakes.postgres import Postgres
from tests.fakes.runs import eventually

__all__ = ["connection"]

SOON = 20
"""Less than the time after which a stream asks again without a notification."""
LISTENS: LiteralString = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
    "AND query = 'LISTEN harness_revoked'"
)


@pytest.fixture
async def revocations(connection: Connection) -> AsyncIterator[Revocations]:
    revocations = Revocations(connection)
    yield revocations
    await revocations.close()


@pytest.fixture
async def ada(connection: Connection) -> Caller:
    await access.create_user(connection, "ada")
    return await new_caller(connection)


async def new_caller(connection: Connection, role: Role | None = None) -> Caller:
    _, secret = await access.create_token(connection, user="ada", role=role)
    caller = await authenticate(connection, secret)
    assert caller is not None
    return caller


async def listening(connection: Connection) -> None:
    await eventually(lambda: connection.database.fetch(LISTENS))


async def is_waiting(connection: Connection, waiting: asyncio.Task[None]) -> None:
    """It listens, and what it has been notified of so far did not end it."""
    await listening(connection)
    for _ in range(20):
        await connection.database.fetch("SELECT 1")
    assert not waiting.done()


async def revoke(connection: Connection, caller: Caller) -> None:
    await access.revoke_token(connection, caller.token)


async def disable(connection: Connection, caller: Caller) -> None:
    await access.disable_user(connection, caller.user)


async def demote(connection: Connection, caller: Caller) -> None:
    await access.set_role(connection, caller.user, Role.VIEWER)


ENDS = pytest.mark.parametrize("end", [revoke, disable, demote])
End = Callable[[Connection, Caller], Awaitable[None]]


@ENDS
async def test_at_once(
    connection: Connection, revocations: Revocations, ada: Caller, end: End
) -> None:
    waiting = asyncio.create_task(revocations.wait_revoked(ada))
    await is_waiting(connection, waiting)
    await end(connection, ada)
    await asyncio.wait_for(waiting, SOON)


@ENDS
async def test_before_the_wait(
    connection: Connection, revocations: Revocations, ada: Caller, end: End
) -> None:
    await end(connection, ada)
    await asyncio.wait_for(revocations.wait_revoked(ada), SOON)


@ENDS
async def test_while_the_wait_begins(
    connection: Connection, revocations: Revocations, ada: Caller, end: End
) -> None:
    for caller in (ada, await new_caller(connection)):
        waiting = asyncio.create_task(revocations.wait_revoked(caller))
        await asyncio.gather(end(connection, caller), asyncio.wait_for(waiting, SOON))


async def test_a_session(connection: Connection, revocations: Revocations) -> None:
    session, cookie = await exchange_code(connection, await create_sign_in_code(connection))
    caller = await authenticate(connection, cookie)
    assert caller is not None
    waiting = asyncio.create_task(revocations.wait_revoked(caller))
    await is_waiting(connection, waiting)
    await access.revoke_token(connection, session.id)
    await asyncio.wait_for(waiting, SOON)


async def test_an_expiry(connection: Connection, revocations: Revocations) -> None:
    _, secret = await access.create_token(connection, expires_in=2)
    caller = await authenticate(connection, secret)
    assert caller is not None
    await asyncio.wait_for(revocations.wait_revoked(caller), SOON)
    assert await authenticate(connection, secret) is None


async def test_what_takes_no_right_away(
    connection: Connection, revocations: Revocations, ada: Caller
) -> None:
    viewer, other = await new_caller(connection, Role.VIEWER), await new_caller(connection)
    await access.create_user(connection, "bob")
    mine = asyncio.create_task(revocations.wait_revoked(ada))
    low = asyncio.create_task(revocations.wait_revoked(viewer))
    await is_waiting(connection, mine)
    await access.set_role(connection, "ada", Role.ADMIN)
    await access.revoke_token(connection, other.token)
    await access.disable_user(connection, "bob")
    for made_up in (ada.token, "ada", "", "x" * 7_000, "; DROP TABLE"):
        await connection.database.fetch("SELECT pg_notify('harness_revoked', %s)", (made_up,))
    await is_waiting(connection, mine)
    await access.set_role(connection, "ada", Role.VIEWER)
    await asyncio.wait_for(mine, SOON)
    await is_waiting(connection, low)
    low.cancel()


async def test_callers_that_were_never_authenticated(revocations: Revocations, ada: Caller) -> None:
    for made_up in (
        LOCAL,
        Caller("ada", Role.VIEWER, "f" * 16),
        Caller("local", Role.VIEWER, ada.token),
        Caller("ada", Role.ADMIN, ada.token),
    ):
        await asyncio.wait_for(revocations.wait_revoked(made_up), SOON)


async def test_many_streams_share_one_connection(
    connection: Connection, revocations: Revocations, ada: Caller
) -> None:
    tasks = [asyncio.create_task(revocations.wait_revoked(ada)) for _ in range(50)]
    await is_waiting(connection, tasks[0])
    assert len(await connection.database.fetch(LISTENS)) == 1
    for task in tasks[:25]:
        task.cancel()
    await access.disable_user(connection, "ada")
    await asyncio.wait_for(asyncio.gather(*tasks[25:]), SOON)
    assert not revocations._watched  # pyright: ignore[reportPrivateUsage]


async def test_after_a_restart_of_the_database(
    connection: Connection, revocations: Revocations, ada: Caller, postgres: Postgres
) -> None:
    """The change comes without a notification, as if it had been sent while nothing listened."""
    other = await new_caller(connection)
    waiting = asyncio.create_task(revocations.wait_revoked(ada))
    stays = asyncio.create_task(revocations.wait_revoked(other))
    await is_waiting(connection, waiting)
    await asyncio.to_thread(postgres.kill)
    await asyncio.to_thread(postgres.start)
    await connection.database.fetch(
        "UPDATE harness_access.credential SET revoked = now() WHERE id = %s", (ada.token,)
    )
    await asyncio.wait_for(waiting, SOON)
    await is_waiting(connection, stays)
    await revoke(connection, other)
    await asyncio.wait_for(stays, SOON)


async def test_a_lost_connection_is_made_again(
    connection: Connection, revocations: Revocations, ada: Caller
) -> None:
    waiting = asyncio.create_task(revocations.wait_revoked(ada))
    await is_waiting(connection, waiting)
    ((pid,),) = await connection.database.fetch(LISTENS)
    await connection.database.fetch("SELECT pg_terminate_backend(%s)", (pid,))
    await eventually(
        lambda: connection.database.fetch(LISTENS), lambda rows: bool(rows) and rows != [(pid,)]
    )
    await revoke(connection, ada)
    await asyncio.wait_for(waiting, SOON)
