"""What Postgres admits, with many callers at once, and after callers that died."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from harness.limits.quota import Quota
from harness.limits.rows import Answer, Ask, Used
from harness.limits.store import LimitStore
from harness.store.database import Database
from tests.fakes.postgres import database_url

__all__ = ["database_url"]

MODEL = Quota(kind="model", name="one/a", requests=10, tokens=1_000)
POOL = Quota(kind="pool", name="browser", width=2)
WINDOW_S = 60.0


class Limiter:
    """The store, as one worker process uses it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = LimitStore(database, WINDOW_S)
        self.number = 0

    async def ask(
        self, *quotas: Quota, run: str = "run", holder: str = "worker", id: str | None = None,
        attempt: int = 1, place: str | None = None, **more: Any,
    ) -> tuple[str, Answer]:  # fmt: skip
        self.number += 1
        id = id or f"id-{self.number}"
        ask = Ask(
            place=place or f"{run}/{self.number}", attempt=attempt, run=run, owner=None, what="a",
            **more,
        )  # fmt: skip
        return id, await self.store.reserve(id, holder, quotas, ask)

    async def usage(self, quota: Quota) -> Any:
        return (await self.store.list_usage([quota]))[quota.key]

    async def pass_time(self, seconds: float) -> None:
        """Make everything older, as if the time had passed."""
        for table, columns in (
            ("holder", ("seen",)), ("held", ("since",)),
            ("waiting", ("since", "due", "seen", "asks")),
            ("quota", ("closed_until", "reported")),
        ):  # fmt: skip
            for column in columns:
                statement: Any = (
                    f"UPDATE harness_limits.{table} SET {column} = {column} - "
                    f"make_interval(secs => {seconds})"
                )
                await self.database.fetch(statement)
        await self.database.fetch("UPDATE harness_limits.spent SET second = -second")
        await self.database.fetch(
            "UPDATE harness_limits.spent SET second = -second - %s::bigint", (int(seconds),)
        )


@pytest.fixture
async def limiter(database_url: str) -> AsyncIterator[Limiter]:
    database = Database(database_url)
    yield Limiter(database)
    await database.close()


async def test_many_at_once_never_exceed_a_limit(limiter: Limiter) -> None:
    asked = [limiter.ask(MODEL, run=f"run-{n}", input=10, output=10) for n in range(40)]
    answers = [answer for _, answer in await asyncio.gather(*asked)]
    assert sum(answer.blocked is None for answer in answers) == 10
    assert {answer.blocked for answer in answers} == {None, "model:one/a"}
    usage = await limiter.usage(MODEL)
    assert (usage.requests, usage.tokens, usage.in_use, usage.waiting) == (10, 200, 10, 30)


async def test_a_minute_later_there_is_room_again(limiter: Limiter) -> None:
    for n in range(10):
        await limiter.ask(MODEL, run=f"run-{n}", input=1, output=1)
    _, refused = await limiter.ask(MODEL, run="late", place="late")
    assert 55 < refused.wait_s <= WINDOW_S + 3
    await limiter.pass_time(refused.wait_s + 1)
    _, admitted = await limiter.ask(MODEL, run="late", place="late")
    assert admitted.blocked is None
    assert (await limiter.usage(MODEL)).waited == 1


async def test_what_was_not_used_is_free_at_once(limiter: Limiter) -> None:
    id, _ = await limiter.ask(MODEL, input=100, output=900)
    _, refused = await limiter.ask(MODEL, place="next", input=100, output=100)
    assert refused.blocked == "model:one/a"
    await limiter.store.settle(id, Used(input=100, output=20, exact=True))
    await limiter.store.settle(id, Used(input=100, output=20, exact=True))
    assert (await limiter.usage(MODEL)).tokens == 120
    _, admitted = await limiter.ask(MODEL, place="next", input=100, output=100)
    assert admitted.blocked is None


async def test_a_repeated_statement_reserves_once(limiter: Limiter) -> None:
    for _ in range(3):
        await limiter.ask(MODEL, id="same", input=10, output=10)
    usage = await limiter.usage(MODEL)
    assert (usage.requests, usage.tokens, usage.granted) == (1, 20, 1)


async def test_a_dead_worker_frees_its_places_and_keeps_its_tokens(limiter: Limiter) -> None:
    quota = replace(MODEL, width=1)
    await limiter.ask(quota, run="dead", holder="dead", input=100, output=300)
    _, refused = await limiter.ask(quota, run="other", place="other", input=100, output=100)
    assert refused.blocked
    await limiter.pass_time(16)
    _, admitted = await limiter.ask(quota, run="other", place="other", input=100, output=100)
    assert admitted.blocked is None
    usage = await limiter.usage(quota)
    assert (usage.in_use, usage.tokens) == (1, 600), "what it reserved may have been used"


async def test_a_repeated_call_ends_its_earlier_attempt(limiter: Limiter) -> None:
    quota = replace(MODEL, width=1)
    await limiter.ask(quota, place="call", holder="dead", input=1, output=1)
    _, again = await limiter.ask(quota, place="call", attempt=2, input=1, output=1)
    assert again.blocked is None
    assert (await limiter.usage(quota)).in_use == 1


async def test_both_limits_hold(limiter: Limiter) -> None:
    provider = Quota(kind="provider", name="one", requests=1)
    _, first = await limiter.ask(MODEL, provider)
    _, second = await limiter.ask(MODEL, provider)
    assert (first.blocked, second.blocked) == (None, "provider:one")
    assert (await limiter.usage(MODEL)).requests == 1, "nothing is reserved in part"


async def test_a_call_larger_than_its_limit_is_made_alone(limiter: Limiter) -> None:
    _, large = await limiter.ask(MODEL, input=5_000, output=5_000)
    _, other = await limiter.ask(MODEL, input=1, output=1)
    assert (large.blocked, other.blocked) == (None, "model:one/a")


async def test_a_small_call_does_not_overtake_a_large_one(limiter: Limiter) -> None:
    id, _ = await limiter.ask(MODEL, run="a", input=400, output=400)
    _, large = await limiter.ask(MODEL, run="b", place="large", input=500, output=100)
    _, small = await limiter.ask(MODEL, run="c", place="small", input=10, output=10)
    assert large.blocked
    assert (small.blocked, small.ahead) == ("model:one/a", 1)
    await limiter.store.settle(id, Used(input=100, output=100))
    _, large = await limiter.ask(MODEL, run="b", place="large", input=500, output=100)
    _, small = await limiter.ask(MODEL, run="c", place="small", input=10, output=10)
    assert (large.blocked, small.blocked) == (None, None)


async def test_urgent_runs_and_runs_with_few_calls_come_first(limiter: Limiter) -> None:
    ids = [(await limiter.ask(POOL, run="holds"))[0] for _ in range(2)]
    for n in range(4):
        await limiter.ask(POOL, run="many", place=f"many-{n}")
    await limiter.ask(POOL, run="one", place="one")
    await limiter.ask(POOL, run="urgent", place="urgent", priority=1)
    await limiter.ask(POOL, run="slow", place="slow", priority=5)
    held = await limiter.store.list_holdings([POOL], 100)
    queue = [each.run for each in held if each.waits]
    assert queue == ["urgent", "many", "one", "many", "many", "many", "slow"]
    await limiter.store.settle(ids[0], Used(input=0, output=0))
    _, many = await limiter.ask(POOL, run="many", place="many-0")
    _, urgent = await limiter.ask(POOL, run="urgent", place="urgent", priority=1)
    assert (many.blocked, urgent.blocked) == ("pool:browser", None)


async def test_a_waiting_call_whose_worker_died_holds_up_nobody(limiter: Limiter) -> None:
    id, _ = await limiter.ask(replace(POOL, width=1), place="first")
    await limiter.ask(replace(POOL, width=1), place="dead", holder="dead")
    await limiter.store.settle(id, Used(input=0, output=0))
    _, behind = await limiter.ask(replace(POOL, width=1), place="behind")
    assert (behind.blocked, behind.ahead) == ("pool:browser", 1)
    await limiter.pass_time(7)
    _, behind = await limiter.ask(replace(POOL, width=1), place="behind")
    assert behind.blocked is None


async def test_a_refusal_of_the_provider_stops_all(limiter: Limiter) -> None:
    id, _ = await limiter.ask(MODEL)
    await limiter.store.settle(id, Used(input=0, output=0, refused=True, closed_s=30))
    _, answer = await limiter.ask(MODEL, place="next", holder="another")
    assert 29 < answer.wait_s <= 30
    usage = await limiter.usage(MODEL)
    assert usage.refused == 1
    assert 29 < usage.closed_s <= 30


async def test_what_the_provider_reports_counts(limiter: Limiter) -> None:
    """Its limit, if it is lower than ours, and what others use with the same key."""
    id, _ = await limiter.ask(MODEL, input=10, output=10)
    await limiter.store.settle(id, Used(input=10, output=10, most_requests=3, left_requests=1))
    _, second = await limiter.ask(MODEL, place="second")
    _, third = await limiter.ask(MODEL, place="third")
    assert (second.blocked, third.blocked) == (None, "model:one/a")
    assert (await limiter.usage(MODEL)).reported_requests == 3
    assert third.lower == "3 requests"
    await limiter.pass_time(61)
    _, third = await limiter.ask(MODEL, place="third")
    assert third.blocked is None, "what others used counts for a minute only"


async def test_a_call_that_was_not_sent_does_not_count(limiter: Limiter) -> None:
    id, _ = await limiter.ask(MODEL)
    await limiter.store.settle(id, Used(sent=False))
    usage = await limiter.usage(MODEL)
    assert (usage.requests, usage.tokens, usage.granted) == (0, 0, 0)


async def test_estimates_are_corrected(limiter: Limiter) -> None:
    """If the provider counts twice what is estimated, twice as much is reserved."""
    id, _ = await limiter.ask(MODEL, input=100, output=10)
    await limiter.store.settle(id, Used(input=200, output=10, exact=True))
    await limiter.ask(MODEL, input=100, output=10)
    assert (await limiter.usage(MODEL)).tokens == 210 + 210
