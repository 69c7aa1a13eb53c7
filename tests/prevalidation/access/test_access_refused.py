"""Invalid names, and callers whose role is too low, are refused before the database is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from harness.access import client as access
from harness.access.authenticate import authenticate
from harness.access.sign_in import create_sign_in_code, exchange_code
from harness.api.caller import Caller, Role
from harness.contracts.errors import (
    InvalidValue,
    LocalUserFixed,
    NotAllowed,
    NotSignedIn,
    TokenNotFound,
    UserNotFound,
)
from tests.fakes.access import nowhere

VIEWER = Caller("ada", Role.VIEWER, "0" * 16)
OPERATOR = Caller("ada", Role.OPERATOR, "0" * 16)
HOSTILE = ("", " ", "a\0b", "a\nb", "\ud800", "x" * 1_000_000, "' OR 1=1 --", "é", "Ada")


@pytest.mark.parametrize("name", [*HOSTILE, "-ada", ".ada", "ada ", "а" + "da", "x" * 65])
async def test_a_user_name_that_is_not_valid(name: str) -> None:
    with pytest.raises(InvalidValue, match="is not a valid user name") as caught:
        await access.create_user(nowhere(), name)
    assert len(caught.value.message) < 300
    with pytest.raises(UserNotFound) as unknown:
        await access.find_user(nowhere(), name)
    assert len(unknown.value.message) < 300


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "x" * 101, "\u202eabc", "\ud800", "\u200b"])
async def test_a_token_name_that_is_not_valid(name: str) -> None:
    with pytest.raises(InvalidValue, match="is not a valid token name"):
        await access.create_token(nowhere(), name=name)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e12, 0.5])
async def test_a_lifetime_that_is_none(seconds: float) -> None:
    with pytest.raises(InvalidValue, match="cannot expire after"):
        await access.create_token(nowhere(), expires_in=seconds)


@pytest.mark.parametrize("id", [*HOSTILE, "0" * 15, "0" * 17, "g" * 16, "A" * 16])
async def test_an_id_that_no_token_has(id: str) -> None:
    with pytest.raises(TokenNotFound) as caught:
        await access.revoke_token(nowhere(), id)
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("secret", [*HOSTILE, f"hnc_{'0' * 16}_{'A' * 43}"])
async def test_a_secret_that_is_none(secret: str) -> None:
    assert await authenticate(nowhere(), secret) is None


@pytest.mark.parametrize("code", [*HOSTILE, f"hns_{'0' * 16}_{'A' * 43}"])
async def test_a_code_that_is_none(code: str) -> None:
    with pytest.raises(NotSignedIn):
        await exchange_code(nowhere(), code)


@pytest.mark.parametrize(
    "ask",
    [
        lambda by: access.create_user(nowhere(), "eve", Role.ADMIN, by=by),
        lambda by: access.list_users(nowhere(), by=by),
        lambda by: access.set_role(nowhere(), "ada", Role.ADMIN, by=by),
        lambda by: access.disable_user(nowhere(), "bob", by=by),
        lambda by: access.enable_user(nowhere(), "bob", by=by),
        lambda by: access.create_token(nowhere(), user="bob", by=by),
        lambda by: access.create_token(nowhere(), by=by),
        lambda by: access.list_tokens(nowhere(), by=by),
        lambda by: access.list_tokens(nowhere(), "bob", by=by),
        lambda by: access.list_browser_sessions(nowhere(), by=by),
        lambda by: create_sign_in_code(nowhere(), "bob", by=by),
        lambda by: create_sign_in_code(nowhere(), by=by),
    ],
)
@pytest.mark.parametrize("by", [VIEWER, OPERATOR])
async def test_only_an_admin_may(by: Caller, ask: Callable[[Caller], Awaitable[object]]) -> None:
    with pytest.raises(NotAllowed, match="the role admin is needed"):
        await ask(by)


async def test_the_local_user_stays_as_it_is() -> None:
    for ask in (access.disable_user, access.enable_user):
        with pytest.raises(LocalUserFixed):
            await ask(nowhere(), "local")
    with pytest.raises(LocalUserFixed):
        await access.set_role(nowhere(), "local", Role.VIEWER)
