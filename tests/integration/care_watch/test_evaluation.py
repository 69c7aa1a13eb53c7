"""One evaluation of many invariants: what it asks, and when it stops asking."""

from __future__ import annotations

import asyncio
from collections import Counter

from harness.care.invariants.evaluate import MOST_AT_ONCE, evaluate
from harness.care.invariants.invariant import Invariant
from harness.care.invariants.judge import Judgement
from harness.care.invariants.rows import Watched
from harness.care.settings import CareSettings
from tests.fakes.http import Exchange
from tests.fakes.telemetry import answer, serve_telemetry, vector


def watch(count: int, query: str = "q{}") -> list[Watched]:
    return [
        Watched(
            "api",
            Invariant(name=f"i{each}", query=query.format(each), operator="<", threshold=1),
        )
        for each in range(count)
    ]


def settings(url: str, timeout: float = 5.0) -> CareSettings:
    return CareSettings.model_validate({"metrics": {"url": url, "timeout_seconds": timeout}})


def count(found: list[tuple[Watched, Judgement]]) -> dict[str, int]:
    return dict(Counter(judged.state for _, judged in found))


async def test_equal_queries_are_asked_once() -> None:
    async with serve_telemetry(answer(vector(0.5, 0.7))) as server:
        found = await evaluate(settings(server.url), watch(50, "same"))
        [asked] = server.asked
    assert count(found) == {"holds": 50}
    [(value, at)] = {(judged.value, judged.at) for _, judged in found}
    assert (value, f"{at:.3f}") == (0.7, asked["time"])


async def test_nothing_to_evaluate() -> None:
    assert await evaluate(CareSettings(), []) == []


async def test_a_silent_source_is_given_up_for_the_rest() -> None:
    async def wait(exchange: Exchange) -> None:
        await asyncio.Event().wait()

    async with serve_telemetry(wait) as server:
        found = await evaluate(settings(server.url, timeout=0.3), watch(500))
        assert len(server.asked) <= 2 * MOST_AT_ONCE
    assert count(found) == {"unreachable": 500}
    assert all("did not answer within 0.3 s" in judged.message for _, judged in found)


async def test_some_slow_queries_do_not_give_up_the_source() -> None:
    async def handle(exchange: Exchange) -> None:
        if b"query=slow" in exchange.body:
            await asyncio.Event().wait()
        exchange.answer(200, "application/json", vector(0.5), {})

    mixed = [*watch(5, "slow{}"), *watch(100)]
    async with serve_telemetry(handle) as server:
        found = await evaluate(settings(server.url, timeout=0.3), mixed)
    assert count(found) == {"unreachable": 5, "holds": 100}


async def test_refused_queries_do_not_give_up_the_source() -> None:
    async def handle(exchange: Exchange) -> None:
        bad = b"query=bad" in exchange.body
        exchange.answer(400 if bad else 200, "text/plain", b"odd" if bad else vector(0.5), {})

    mixed = [*watch(100, "bad{}"), *watch(100)]
    async with serve_telemetry(handle) as server:
        assert count(await evaluate(settings(server.url), mixed)) == {"invalid": 100, "holds": 100}


async def test_an_evaluation_ends_in_its_time() -> None:
    async def handle(exchange: Exchange) -> None:
        await asyncio.sleep(0.05)
        exchange.answer(200, "application/json", vector(0.5), {})

    async with serve_telemetry(handle) as server:
        found = await evaluate(settings(server.url), watch(1_000), longest_seconds=0.3)
        assert len(server.asked) < 500
    left = [judged.message for _, judged in found if judged.state == "unreachable"]
    assert left and set(left) == {"not asked: the queries before it took too long"}


async def test_at_most_so_many_are_asked_at_once() -> None:
    now = most = 0

    async def handle(exchange: Exchange) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        exchange.answer(200, "application/json", vector(0.5), {})

    async with serve_telemetry(handle) as server:
        await evaluate(settings(server.url), watch(200))
    assert most <= MOST_AT_ONCE
