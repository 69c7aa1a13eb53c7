from __future__ import annotations

import asyncio
import secrets
from typing import Any, LiteralString

import pytest

from harness.access import client as access
from harness.access.authenticate import authenticate
from harness.access.sign_in import create_sign_in_code, exchange_code
from harness.api.caller import Caller, Role
from harness.contracts.errors import StoreUnavailable
from harness.engine.connection import Connection
from tests.fakes.access import bare_connection, connection
from tests.fakes.runs import eventually

__all__ = ["connection"]

SET: LiteralString = "UPDATE harness_access.credential SET"


async def signed_in(connection: Connection, user: str = "local") -> tuple[str, str]:
    """The id and the secret of a browser session."""
    session, secret = await exchange_code(connection, await create_sign_in_code(connection, user))
    return session.id, secret


async def test_a_token_and_a_session(connection: Connection) -> None:
    token, secret = await access.create_token(connection, role=Role.OPERATOR)
    assert await authenticate(connection, secret) == Caller("local", Role.OPERATOR, token.id)
    id, cookie = await signed_in(connection)
    assert await authenticate(connection, cookie) == Caller("local", Role.ADMIN, id, browser=True)


async def test_guessed_secrets(connection: Connection) -> None:
    token, secret = await access.create_token(connection)
    _, id, _ = secret.split("_", 2)
    for guess in (
        f"hns_{id}_{secrets.token_urlsafe(32)}",
        f"hns_{secrets.token_hex(8)}_{secret.split('_', 2)[2]}",
        f"hnb{secret[3:]}",
        f"hnc{secret[3:]}",
        secret.swapcase(),
        secret[:-1],
        f"{secret}\0",
        f"{secret} ",
        token.id,
    ):
        assert await authenticate(connection, guess) is None, guess
    assert await authenticate(connection, secret) is not None
    _, cookie = await signed_in(connection)
    assert await authenticate(connection, f"hns{cookie[3:]}") is None


async def test_neither_the_hash_nor_the_code_is_a_secret(connection: Connection) -> None:
    await access.create_token(connection)
    rows = await connection.database.fetch(
        "SELECT id, encode(secret_hash, 'hex'), encode(secret_hash, 'base64') "
        "FROM harness_access.credential"
    )
    for id, hex, base64 in rows:
        for text in (hex, base64, f"hns_{id}_{hex}", f"hns_{id}_{base64[:43]}"):
            assert await authenticate(connection, text) is None
    assert await authenticate(connection, await create_sign_in_code(connection)) is None


async def test_revoked_expired_disabled(connection: Connection) -> None:
    await access.create_user(connection, "ada")
    for kind in ("token", "browser"):
        if kind == "token":
            row, secret = await access.create_token(connection, user="ada", expires_in=3600)
            id = row.id
        else:
            id, secret = await signed_in(connection, "ada")
        assert await authenticate(connection, secret) is not None
        await access.disable_user(connection, "ada")
        assert await authenticate(connection, secret) is None
        await access.enable_user(connection, "ada")
        # Tokens work again; a browser has to sign in again.
        assert (await authenticate(connection, secret) is not None) == (kind == "token")
        if kind == "browser":
            id, secret = await signed_in(connection, "ada")
        await access.revoke_token(connection, id)
        assert await authenticate(connection, secret) is None
    short, secret = await access.create_token(connection, expires_in=1)
    await eventually(lambda: _is_refused(connection, secret))
    assert short.expires is not None


async def _is_refused(connection: Connection, secret: str) -> bool:
    return await authenticate(connection, secret) is None


async def test_a_session_ends_when_it_is_idle(connection: Connection) -> None:
    _, cookie = await signed_in(connection)
    await connection.database.fetch(f"{SET} last_used = now() - interval '167 hours'")
    assert await authenticate(connection, cookie) is not None
    await eventually(lambda: _was_used(connection, "1 hour"))  # it was used: it goes on
    await connection.database.fetch(f"{SET} last_used = now() - interval '169 hours'")
    assert await authenticate(connection, cookie) is None


async def test_a_session_ends_after_thirty_days(connection: Connection) -> None:
    session, cookie = await exchange_code(connection, await create_sign_in_code(connection))
    assert session.expires is not None
    assert abs(session.expires - session.created - 30 * 86_400) < 5
    # The bound is in the row, and signed: it cannot be moved, in either direction.
    await connection.database.fetch(f"{SET} expires = now() - interval '1 s'")
    assert await authenticate(connection, cookie) is None
    await connection.database.fetch(f"{SET} expires = now() + interval '300 days'")
    assert await authenticate(connection, cookie) is None


async def test_an_idle_token_stays_valid(connection: Connection) -> None:
    _, secret = await access.create_token(connection)
    await connection.database.fetch(f"{SET} last_used = now() - interval '5 years'")
    assert await authenticate(connection, secret) is not None


async def _was_used(connection: Connection, within: str) -> bool:
    rows = await connection.database.fetch(
        "SELECT 1 FROM harness_access.credential WHERE last_used > now() - %s::interval", (within,)
    )
    return bool(rows)


async def test_the_last_use_is_written_once_a_minute(connection: Connection) -> None:
    _, secret = await access.create_token(connection)
    versions: LiteralString = "SELECT xmin::text FROM harness_access.credential"
    await asyncio.gather(*(authenticate(connection, secret) for _ in range(20)))
    await eventually(lambda: _was_used(connection, "1 minute"))
    written = await connection.database.fetch(versions)
    await asyncio.gather(*(authenticate(connection, secret) for _ in range(20)))
    assert await connection.database.fetch(versions) == written
    (token,) = await access.list_tokens(connection)
    assert token.last_used is not None
    await connection.database.fetch(f"{SET} last_used = now() - interval '61 s'")
    await authenticate(connection, secret)
    await eventually(lambda: _was_used(connection, "1 minute"))


async def test_one_select(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = await access.create_token(connection)
    await authenticate(connection, secret)
    await eventually(lambda: _was_used(connection, "1 minute"))
    asked: list[str] = []
    fetch = connection.database.fetch

    async def record(query: LiteralString, params: Any = ()) -> Any:
        asked.append(query)
        return await fetch(query, params)

    monkeypatch.setattr(connection.database, "fetch", record)
    assert await authenticate(connection, secret) is not None
    assert len(asked) == 1
    assert await authenticate(connection, "hns_" + "x" * 1_000_000) is None
    assert len(asked) == 1


async def test_without_a_database(connection: Connection) -> None:
    _, secret = await access.create_token(connection)
    await connection.database.close()
    with pytest.raises(StoreUnavailable):
        await authenticate(connection, secret)
    assert await authenticate(connection, "not a secret") is None


async def test_another_signing_key_refuses_all(connection: Connection) -> None:
    await access.create_user(connection, "ada")
    _, secret = await access.create_token(connection, user="ada")
    for key in (b"another key, also of 32 bytes or so", None):
        other = bare_connection(connection.database, key)
        assert await authenticate(other, secret) is None
        users = {user.name: user.genuine for user in await access.list_users(other)}
        assert users == {"ada": False, "local": True}
        assert [each.genuine for each in await access.list_tokens(other)] == [False]
    unsigned = bare_connection(connection.database, None)
    _, plain = await access.create_token(unsigned)
    assert await authenticate(unsigned, plain) is not None
    assert await authenticate(connection, plain) is None
