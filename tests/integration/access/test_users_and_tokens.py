from __future__ import annotations

import asyncio

import pytest

from harness.access import client as access
from harness.access.authenticate import authenticate
from harness.access.sign_in import create_sign_in_code, exchange_code
from harness.api.caller import LOCAL, Caller, Role
from harness.contracts.errors import (
    NotAllowed,
    TokenNotFound,
    UserExists,
    UserNotFound,
)
from harness.engine.connection import Connection
from harness.store.migrate import bring_up, find_lines, read_revision
from tests.fakes.access import connection

__all__ = ["connection"]


async def caller_of(connection: Connection, user: str, role: Role | None = None) -> Caller:
    _, secret = await access.create_token(connection, user=user, role=role)
    caller = await authenticate(connection, secret)
    assert caller is not None
    return caller


async def test_the_local_user_is_there_from_the_first_use(connection: Connection) -> None:
    (local,) = await access.list_users(connection)
    assert (local.name, local.role, local.disabled) == ("local", Role.ADMIN, None)
    assert (await caller_of(connection, "local")).role is Role.ADMIN


async def test_the_tables_come_back(connection: Connection) -> None:
    database = connection.database
    line = next(each for each in find_lines() if each.schema == "harness_access")
    await database.fetch("DROP SCHEMA harness_access CASCADE")
    assert await read_revision(database, line) is None
    assert await bring_up(database)
    assert [user.name for user in await access.list_users(connection)] == ["local"]


async def test_users(connection: Connection) -> None:
    ada = await access.create_user(connection, "ada")
    assert (ada.role, ada.disabled, ada.genuine) == (Role.OPERATOR, None, True)
    for role in Role:
        with pytest.raises(UserExists, match="'ada' exists"):
            await access.create_user(connection, "ada", role)
    await access.set_role(connection, "ada", Role.VIEWER)
    await access.disable_user(connection, "ada")
    disabled = await access.find_user(connection, "ada")
    assert disabled.role is Role.VIEWER
    assert disabled.disabled is not None
    await access.disable_user(connection, "ada")
    assert (await access.find_user(connection, "ada")).disabled == disabled.disabled
    await access.enable_user(connection, "ada")
    await access.enable_user(connection, "ada")
    assert [(u.name, u.role, u.disabled) for u in await access.list_users(connection)] == [
        ("ada", Role.VIEWER, None),
        ("local", Role.ADMIN, None),
    ]


async def test_of_two_who_add_a_user_one_wins(connection: Connection) -> None:
    done = await asyncio.gather(
        *(access.create_user(connection, "ada", role) for role in Role), return_exceptions=True
    )
    assert sum(isinstance(each, UserExists) for each in done) == 2


async def test_a_user_that_does_not_exist(connection: Connection) -> None:
    for ask in (
        lambda: access.find_user(connection, "nobody"),
        lambda: access.set_role(connection, "nobody", Role.ADMIN),
        lambda: access.disable_user(connection, "nobody"),
        lambda: access.enable_user(connection, "nobody"),
        lambda: access.create_token(connection, user="nobody"),
        lambda: access.list_tokens(connection, "nobody"),
        lambda: create_sign_in_code(connection, "nobody"),
    ):
        with pytest.raises(UserNotFound, match="'nobody'"):
            await ask()


async def test_tokens_are_listed_without_their_secrets(connection: Connection) -> None:
    await access.create_user(connection, "ada")
    token, secret = await access.create_token(
        connection, user="ada", role=Role.VIEWER, name="für CI ✓", expires_in=3600
    )
    other, _ = await access.create_token(connection)
    assert secret.startswith(f"hns_{token.id}_")
    assert token.expires == int(token.created + 3600)
    listed = await access.list_tokens(connection)
    assert [each.id for each in listed] == [token.id, other.id]
    (mine,) = await access.list_tokens(connection, "ada")
    assert (mine.user, mine.role, mine.name) == ("ada", Role.VIEWER, "für CI ✓")
    assert (mine.expires, mine.last_used, mine.revoked) == (token.expires, None, None)
    assert secret not in repr(listed)
    assert await access.list_browser_sessions(connection) == []


async def test_a_token_has_at_most_the_role_of_its_user(connection: Connection) -> None:
    await access.create_user(connection, "ada", Role.OPERATOR)
    with pytest.raises(NotAllowed, match="role admin"):
        await access.create_token(connection, user="ada", role=Role.ADMIN)
    token, _ = await access.create_token(connection, user="ada")
    assert token.role is Role.OPERATOR


async def test_the_lower_of_both_roles_counts_when_it_is_used(connection: Connection) -> None:
    await access.create_user(connection, "ada", Role.ADMIN)
    _, wide = await access.create_token(connection, user="ada")
    _, narrow = await access.create_token(connection, user="ada", role=Role.VIEWER)
    seen: list[tuple[Role, Role]] = []
    for role in (Role.ADMIN, Role.OPERATOR, Role.VIEWER, Role.ADMIN):
        await access.set_role(connection, "ada", role)
        one, other = await authenticate(connection, wide), await authenticate(connection, narrow)
        assert one is not None
        assert other is not None
        seen.append((one.role, other.role))
    assert seen == [
        (Role.ADMIN, Role.VIEWER),
        (Role.OPERATOR, Role.VIEWER),
        (Role.VIEWER, Role.VIEWER),
        (Role.ADMIN, Role.VIEWER),
    ]


async def test_a_token_cannot_make_a_stronger_one(connection: Connection) -> None:
    await access.create_user(connection, "ada", Role.ADMIN)
    viewer = await caller_of(connection, "ada", Role.VIEWER)
    for role in (Role.OPERATOR, Role.ADMIN):
        with pytest.raises(NotAllowed, match=f"role {role}"):
            await access.create_token(connection, user="ada", role=role, by=viewer)
    token, _ = await access.create_token(connection, user="ada", by=viewer)
    assert token.role is Role.VIEWER
    _, cookie = await exchange_code(
        connection, await create_sign_in_code(connection, "ada", by=viewer)
    )
    signed_in = await authenticate(connection, cookie)
    assert signed_in is not None
    assert signed_in.role is Role.VIEWER
    with pytest.raises(NotAllowed):
        await access.create_user(connection, "eve", Role.ADMIN, by=viewer)


async def test_an_admin_serves_others_within_their_roles(connection: Connection) -> None:
    await access.create_user(connection, "boss", Role.ADMIN)
    await access.create_user(connection, "ada", Role.VIEWER)
    boss = await caller_of(connection, "boss")
    token, _ = await access.create_token(connection, user="ada", by=boss)
    assert token.role is Role.VIEWER
    with pytest.raises(NotAllowed):
        await access.create_token(connection, user="ada", role=Role.OPERATOR, by=boss)
    await access.revoke_token(connection, token.id, by=boss)


async def test_users_see_and_revoke_only_their_own(connection: Connection) -> None:
    for name in ("ada", "bob"):
        await access.create_user(connection, name)
    ada, bob = await caller_of(connection, "ada"), await caller_of(connection, "bob")
    assert [each.id for each in await access.list_tokens(connection, "ada", by=ada)] == [ada.token]
    with pytest.raises(TokenNotFound) as foreign:
        await access.revoke_token(connection, bob.token, by=ada)
    with pytest.raises(TokenNotFound) as unknown:
        await access.revoke_token(connection, "f" * 16, by=ada)
    assert foreign.value.message.replace(bob.token, "f" * 16) == unknown.value.message
    assert foreign.value.fix == unknown.value.fix
    assert (await access.list_tokens(connection, "bob"))[0].revoked is None
    await access.revoke_token(connection, ada.token, by=ada)
    (revoked,) = await access.list_tokens(connection, "ada")
    assert revoked.revoked is not None
    await access.revoke_token(connection, ada.token, by=LOCAL)
    assert (await access.list_tokens(connection, "ada"))[0].revoked == revoked.revoked
