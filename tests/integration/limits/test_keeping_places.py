"""The places of calls that Temporal repeats later: nobody overtakes them, and they are shown."""

from __future__ import annotations

import pytest

from harness.limits.quota import Quota
from harness.limits.rows import Used
from tests.fakes.postgres import database_url
from tests.integration.limits.test_reserving import MODEL, Limiter, limiter

__all__ = ["database_url", "limiter"]


async def fill(limiter: Limiter, quota: Quota = MODEL) -> list[str]:
    """Use up the requests of a limit."""
    asked = [await limiter.ask(quota, run=f"run-{n}") for n in range(quota.requests or 0)]
    return [id for id, _ in asked]


async def rest(limiter: Limiter, place: str, seconds: float = 60, quota: Quota = MODEL) -> None:
    """Ask in vain, and leave it to Temporal to ask again."""
    _, answer = await limiter.ask(quota, run=place, place=place)
    assert answer.blocked
    await limiter.store.rest(place, seconds)


async def test_newcomers_do_not_overtake_a_call_that_is_repeated_later(limiter: Limiter) -> None:
    await fill(limiter)
    for n in range(10):
        await rest(limiter, f"rests-{n}")
    await limiter.pass_time(64)
    _, newcomer = await limiter.ask(MODEL, run="new", place="new")
    assert (newcomer.blocked, newcomer.ahead) == ("model:one/a", 10)
    answers = [(await limiter.ask(MODEL, place=f"rests-{n}"))[1].blocked for n in range(10)]
    assert answers == [None] * 10


async def test_what_such_calls_do_not_need_is_free(limiter: Limiter) -> None:
    await fill(limiter)
    for n in range(3):
        await rest(limiter, f"rests-{n}")
    await limiter.pass_time(64)
    for n in range(7):
        _, newcomer = await limiter.ask(MODEL, run=f"new-{n}", place=f"new-{n}")
        assert newcomer.blocked is None
    _, last = await limiter.ask(MODEL, run="last", place="last")
    assert last.blocked


async def test_the_place_of_a_call_that_never_returns_is_freed(limiter: Limiter) -> None:
    quota = Quota(kind="model", name="one/a", requests=1)
    await fill(limiter, quota)
    await rest(limiter, "gone", quota=quota)
    await limiter.pass_time(64)
    _, behind = await limiter.ask(quota, place="behind")
    assert behind.blocked
    await limiter.pass_time(12)
    _, behind = await limiter.ask(quota, place="behind")
    assert behind.blocked is None


async def test_a_free_place_is_kept_for_a_call_that_returns_soon(limiter: Limiter) -> None:
    quota = Quota(kind="model", name="one/a", width=1)
    id, _ = await limiter.ask(quota, place="holds")
    await limiter.ask(quota, place="rests")
    await limiter.store.rest("rests", 1)
    await limiter.store.settle(id, Used(input=0, output=0))
    _, newcomer = await limiter.ask(quota, place="new")
    assert newcomer.blocked
    _, back = await limiter.ask(quota, place="rests")
    assert back.blocked is None


async def test_a_call_keeps_its_place_through_a_long_rest(limiter: Limiter) -> None:
    ids = await fill(limiter)
    await limiter.store.settle(ids[0], Used(input=0, output=0, refused=True, closed_s=3600))
    await rest(limiter, "rests", 3600)
    await limiter.pass_time(1800)
    _, newcomer = await limiter.ask(MODEL, run="new", place="new")
    assert newcomer.ahead == 1


@pytest.mark.parametrize("seconds", [5, 600])
async def test_calls_that_are_repeated_later_are_shown(limiter: Limiter, seconds: float) -> None:
    await fill(limiter)
    await rest(limiter, "rests", seconds)
    await limiter.pass_time(7)
    assert (await limiter.usage(MODEL)).waiting == 1
    held = await limiter.store.list_holdings([MODEL], 100)
    assert [each.run for each in held if each.waits] == ["rests"]
