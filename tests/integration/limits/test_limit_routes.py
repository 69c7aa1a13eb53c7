"""What the daemon shows of limits, and to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from harness import Harness
from harness.api.caller import LOCAL, Caller, Role
from harness.limits import client
from harness.limits.quota import Quota
from harness.limits.rows import Ask
from harness.limits.store import LimitStore


@pytest.fixture
def options(options: dict[str, Any], name: str) -> dict[str, Any]:
    return {**options, "limits": {"pools": {name: {"width": 2}}}}


@pytest.fixture
async def held(remote: Harness, name: str) -> AsyncIterator[Harness]:
    store = LimitStore(remote.connection.database)
    pool = Quota(kind="pool", name=name, width=1)
    for owner in ("ada", "bob"):
        ask = Ask(place=f"{owner}/{name}", attempt=1, run=f"run-of-{owner}", owner=owner, what="go")
        await store.reserve(f"{owner}-{name}", name, [pool], ask)
    yield remote


async def test_runs_of_others_are_not_shown(held: Harness) -> None:
    bob = Caller(user="bob", role=Role.VIEWER, token="")
    [seen] = await client.list_limits(held.connection, ["pool"], by=bob)
    assert (seen.in_use, seen.waiting) == (1, 1)
    assert [each.run for each in seen.users] == [None]
    assert [each.run for each in seen.queue] == ["run-of-bob"]
    [all_of_it] = await client.list_limits(held.connection, ["pool"], by=LOCAL)
    assert [each.run for each in (*all_of_it.users, *all_of_it.queue)] == [
        "run-of-ada", "run-of-bob",
    ]  # fmt: skip
    assert await client.list_limits(held.connection, ["model", "provider"]) == []
