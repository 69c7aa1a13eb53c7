from __future__ import annotations

import asyncio
from typing import LiteralString

import pytest

from harness.access import client as access
from harness.access.authenticate import authenticate
from harness.access.secret import make_secret
from harness.access.sign_in import create_sign_in_code, exchange_code
from harness.api.caller import Role
from harness.contracts.errors import NotSignedIn
from harness.engine.connection import Connection
from tests.fakes.access import connection

__all__ = ["connection"]

CODES: LiteralString = "SELECT count(*) FROM harness_access.sign_in_code"


async def test_a_code_works_once(connection: Connection) -> None:
    code = await create_sign_in_code(connection)
    session, cookie = await exchange_code(connection, code)
    assert await authenticate(connection, cookie) is not None
    with pytest.raises(NotSignedIn, match="unknown, used or expired"):
        await exchange_code(connection, code)
    assert [each.id for each in await access.list_browser_sessions(connection)] == [session.id]
    assert await access.list_tokens(connection) == []
    await access.revoke_token(connection, session.id)
    assert await authenticate(connection, cookie) is None


async def test_of_many_exchanges_at_once_one_wins(connection: Connection) -> None:
    for _ in range(10):
        code = await create_sign_in_code(connection)
        done = await asyncio.gather(
            *(exchange_code(connection, code) for _ in range(4)), return_exceptions=True
        )
        lost = [each for each in done if isinstance(each, BaseException)]
        assert [type(each) for each in lost] == [NotSignedIn] * 3
    assert len(await access.list_browser_sessions(connection)) == 10


async def test_the_second_exchange_waits_for_the_first(connection: Connection) -> None:
    """The overlap is forced: the first has deleted the code, and has not committed."""
    code = await create_sign_in_code(connection)
    delete: LiteralString = "DELETE FROM harness_access.sign_in_code"
    async with await connection.database.connect() as first:
        async with first.transaction():
            await first.execute(delete)
            second = asyncio.create_task(exchange_code(connection, code))
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while (await connection.database.fetch(waiting))[0][0] == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        with pytest.raises(NotSignedIn):
            await second
    assert await access.list_browser_sessions(connection) == []


async def test_a_guessed_code(connection: Connection) -> None:
    code = await create_sign_in_code(connection)
    _, id, secret = code.split("_", 2)
    for guess in (
        make_secret("hnc").text,
        f"hnc_{id}_{make_secret('hnc').text[-43:]}",
        f"hns_{id}_{secret}",
        f"hnb_{id}_{secret}",
    ):
        with pytest.raises(NotSignedIn):
            await exchange_code(connection, guess)
    await exchange_code(connection, code)  # guesses did not use it up


async def test_an_expired_code(connection: Connection) -> None:
    code = await create_sign_in_code(connection)
    left = "SELECT extract(epoch FROM expires - now())::float8 FROM harness_access.sign_in_code"
    assert 500 < (await connection.database.fetch(left))[0][0] <= 600
    await connection.database.fetch("UPDATE harness_access.sign_in_code SET expires = now()")
    with pytest.raises(NotSignedIn):
        await exchange_code(connection, code)
    await create_sign_in_code(connection)
    assert await connection.database.fetch(CODES) == [(1,)], "the expired one is deleted"


async def test_a_disabled_user(connection: Connection) -> None:
    await access.create_user(connection, "ada")
    code = await create_sign_in_code(connection, "ada")
    await access.disable_user(connection, "ada")
    with pytest.raises(NotSignedIn):
        await exchange_code(connection, code)
    with pytest.raises(NotSignedIn, match="disabled"):
        await create_sign_in_code(connection, "ada")
    await access.enable_user(connection, "ada")
    with pytest.raises(NotSignedIn):
        await exchange_code(connection, code)


async def test_a_session_follows_the_role_of_its_user(connection: Connection) -> None:
    await access.create_user(connection, "ada", Role.VIEWER)
    _, cookie = await exchange_code(connection, await create_sign_in_code(connection, "ada"))
    for role in (Role.VIEWER, Role.ADMIN, Role.OPERATOR):
        await access.set_role(connection, "ada", role)
        caller = await authenticate(connection, cookie)
        assert caller is not None
        assert caller.role is role


async def test_ended_sessions_are_deleted(connection: Connection) -> None:
    _, old = await exchange_code(connection, await create_sign_in_code(connection))
    await connection.database.fetch(
        "UPDATE harness_access.credential SET expires = now() - interval '1 s'"
    )
    await create_sign_in_code(connection)
    assert await access.list_browser_sessions(connection) == []
    assert await authenticate(connection, old) is None
