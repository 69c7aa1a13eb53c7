"""What the commands for users and tokens refuse before anything starts, and how rows are shown."""

from __future__ import annotations

import time

import pytest

from harness.access.rows import Credential, User
from harness.api.caller import Role
from harness.cli.access.token import run_token, token_facts, token_state
from harness.cli.access.user import run_user, user_facts, user_state
from harness.cli.commands import BY_NAME
from harness.cli.history.time_filter import parse_duration
from harness.cli.out import Out
from harness.cli.parser import UsageError, parse_arguments
from harness.contracts.errors import InvalidValue


@pytest.mark.parametrize(
    "words",
    [
        "user add", "user list ada", "user list --role admin", "user set-role ada", "user disable",
        "user enable ada --role admin", "user add ada --role root", "user nope", "user",
        "token create abc", "token create --expires soon", "token create --expires 999999999w",
        "token list abc", "token list --name x", "token revoke", "token revoke abc --user ada",
    ],
)  # fmt: skip
async def test_bad_use(words: str) -> None:
    name, *rest = words.split()
    with pytest.raises(UsageError) as caught:
        args = parse_arguments(BY_NAME[name], rest)
        args.command = name
        await (run_user if name == "user" else run_token)(args, Out(json=False))
    assert caught.value.fix


@pytest.mark.parametrize(
    "words",
    [
        ["user", "add", "Ada"], ["user", "add", "a b"], ["token", "create", "--expires", "0d"],
        ["token", "create", "--expires", "4000d"], ["token", "create", "--name", "a\nb"],
    ],
    ids=str,
)  # fmt: skip
async def test_bad_values(words: list[str]) -> None:
    args = parse_arguments(BY_NAME[words[0]], words[1:])
    args.command = words[0]
    with pytest.raises(InvalidValue):
        await (run_user if words[0] == "user" else run_token)(args, Out(json=False))


def test_durations() -> None:
    assert parse_duration("--expires", "90m").total_seconds() == 5_400
    for text in ("", "3", "d", "-1d", "1y", "٣d", "1.5d", "1" * 10 + "d", "999999999w"):
        with pytest.raises(UsageError, match="--expires must be a duration"):
            parse_duration("--expires", text)


def test_the_state_of_a_token() -> None:
    now = time.time()
    token = Credential(id="a", kind="token", user="ada", role=Role.VIEWER, name="", created=now)
    assert token_state(token) == "active"
    assert token_state(_with(token, expires=int(now) + 60)) == "active"
    assert token_state(_with(token, expires=int(now) - 1)) == "expired"
    assert token_state(_with(token, expires=int(now) - 1, revoked=now)) == "revoked"
    assert token_state(_with(token, genuine=False)) == "unsigned"
    assert set(token_facts(token)) == {"id", "user", "role", "state", "created"}


def test_the_state_of_a_user() -> None:
    user = User(name="ada", role=Role.VIEWER, created=1.0)
    assert user_state(user) == "enabled"
    disabled = User(name="ada", role=Role.VIEWER, created=1.0, disabled=2.0)
    assert user_facts(disabled)["state"] == "disabled"
    assert user_state(User(name="ada", role=Role.ADMIN, created=1.0, genuine=False)) == "unsigned"


def _with(token: Credential, **changed: object) -> Credential:
    return Credential(**{**vars(token), **changed})  # type: ignore[arg-type]
