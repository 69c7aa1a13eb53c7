"""Neither reading the database nor writing to it gives access."""

from __future__ import annotations

import logging
from typing import LiteralString, cast

import pytest

from harness.access import client as access
from harness.access.authenticate import authenticate
from harness.access.secret import hash_secret, make_secret
from harness.access.sign_in import create_sign_in_code, exchange_code
from harness.api.caller import Role
from harness.contracts.errors import HarnessError, NotSignedIn
from harness.engine.connection import Connection
from tests.fakes.access import connection

__all__ = ["connection"]

TABLES = """
SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""
SET: LiteralString = "UPDATE harness_access.credential SET"


async def everything_stored(connection: Connection) -> str:
    """Every row of every table as text; bytes as hex."""
    found: list[str] = []
    for (table,) in await connection.database.fetch(TABLES):
        query = cast("LiteralString", f"SELECT t::text FROM {table} t")
        found += [row[0] for row in await connection.database.fetch(query)]
    return "\n".join(found)


async def test_no_secret_is_stored_or_logged(
    connection: Connection, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    _, token = await access.create_token(connection, name="ci")
    code = await create_sign_in_code(connection)
    unused = await create_sign_in_code(connection)
    session, cookie = await exchange_code(connection, code)
    for secret in (token, cookie):
        assert await authenticate(connection, secret) is not None
        assert await authenticate(connection, secret[:-1]) is None
    errors: list[str] = []
    for wrong in (code, token, cookie, unused[:-1] + ("A" if unused[-1] != "A" else "B")):
        with pytest.raises(HarnessError) as caught:
            await exchange_code(connection, wrong)
        errors.append(str(caught.value))
    await access.revoke_token(connection, session.id)
    stored = await everything_stored(connection)
    assert hash_secret(token).hex() in stored, "what is searched holds the rows"
    said = "\n".join([*errors, caplog.text, *capfd.readouterr()])
    for secret in (token, code, unused, cookie):
        random = secret.split("_", 2)[2]
        for form in (random, random.encode().hex(), secret.encode().hex()):
            assert form not in stored
            assert form not in said


@pytest.mark.parametrize("kind", ["token", "browser"])
async def test_a_planted_credential(connection: Connection, kind: str) -> None:
    made = make_secret("hns" if kind == "token" else "hnb")
    for mac in (None, "A" * 22, "", "é"):
        await connection.database.fetch(
            "INSERT INTO harness_access.credential (id, kind, user_name, role, name, secret_hash, "
            "created, expires, last_used, mac) VALUES (%s, %s, 'local', 'admin', '', %s, now(), "
            "now() + interval '1 day', now(), %s) "
            "ON CONFLICT (id) DO UPDATE SET mac = excluded.mac",
            (made.id, kind, made.hash, mac),
        )
        assert await authenticate(connection, made.text) is None


async def test_a_planted_code(connection: Connection) -> None:
    made = make_secret("hnc")
    await connection.database.fetch(
        "INSERT INTO harness_access.sign_in_code (id, user_name, role, secret_hash, expires) "
        "VALUES (%s, 'local', 'admin', %s, now() + interval '1 minute')",
        (made.id, made.hash),
    )
    with pytest.raises(NotSignedIn):
        await exchange_code(connection, made.text)
    code = await create_sign_in_code(connection)
    await connection.database.fetch(
        "UPDATE harness_access.sign_in_code SET role = 'viewer' WHERE id = %s",
        (code.split("_")[1],),
    )
    with pytest.raises(NotSignedIn):
        await exchange_code(connection, code)


@pytest.mark.parametrize(
    "change",
    [
        "role = 'admin'", "user_name = 'local'", "expires = now() + interval '9 days'",
        "expires = NULL", "mac = NULL", "kind = 'browser', last_used = now()",
    ],
)  # fmt: skip
async def test_an_altered_credential(connection: Connection, change: LiteralString) -> None:
    await access.create_user(connection, "ada", Role.ADMIN)
    token, secret = await access.create_token(
        connection, user="ada", role=Role.VIEWER, expires_in=3600
    )
    await connection.database.fetch(f"{SET} {change}")
    for prefix in ("hns", "hnb"):
        assert await authenticate(connection, prefix + secret[3:]) is None
    (listed,) = await access.list_tokens(connection) or await access.list_browser_sessions(
        connection
    )
    assert (listed.id, listed.genuine) == (token.id, False)


async def test_a_secret_moved_to_another_row(connection: Connection) -> None:
    await access.create_user(connection, "ada", Role.VIEWER)
    strong, _ = await access.create_token(connection)
    _, weak = await access.create_token(connection, user="ada")
    await connection.database.fetch(f"{SET} secret_hash = %s", (hash_secret(weak),))
    assert await authenticate(connection, f"hns_{strong.id}_{weak.split('_', 2)[2]}") is None


async def test_a_planted_role(connection: Connection) -> None:
    await access.create_user(connection, "ada", Role.VIEWER)
    _, secret = await access.create_token(connection, user="ada")
    await connection.database.fetch("UPDATE harness_access.user SET role = 'admin'")
    assert await authenticate(connection, secret) is None
    users = {user.name: user.genuine for user in await access.list_users(connection)}
    assert users == {"ada": False, "local": True}
    await access.set_role(connection, "ada", Role.VIEWER)  # an admin looked at it
    assert await authenticate(connection, secret) is not None
