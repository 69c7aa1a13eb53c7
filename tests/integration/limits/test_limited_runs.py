"""Runs whose calls must wait for limits and pools, with a real engine, Postgres and sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness import Agent, Harness
from harness.contracts.model import Candidate, ModelParams, ModelPlan
from harness.limits import client
from harness.limits.views import Limit
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate
from tests.fakes.stack import until
from tests.fakes.steps import Step, Used, call, cut, fail, say


@pytest.fixture
def options(options: dict[str, Any], name: str) -> dict[str, Any]:
    """Names of limits that no other test uses: they share one database."""
    models = {
        f"openai/{name}-one": {"max_concurrent": 1},
        f"openai/{name}-few": {"requests_per_minute": 1},
        f"openai/{name}-short": {"tokens_per_minute": 10_000},
    }
    return {**options, "limits": {"models": models, "pools": {name: {"width": 1}}}}


def plan_of(model: str) -> ModelPlan:
    return ModelPlan(candidates=(Candidate(model=model), Candidate(model="anthropic/claude")))


async def read_pool(harness: Harness) -> Limit:
    (pool,) = await client.list_limits(harness.connection, ["pool"])
    return pool


async def wait_for_queue(harness: Harness, waiting: int) -> Limit:
    async def is_full() -> bool:
        return len((await read_pool(harness)).queue) == waiting

    await until(is_full)
    return await read_pool(harness)


async def test_a_pool_lets_in_as_many_calls_as_it_is_wide(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate(pool=name)
    agent = Agent(name, tools=[gate.tool])
    model_server.script(*[call("hold", what="it")] * 3)
    model_server.always(say("done"))
    runs = [await harness.start(agent, "go", priority=n + 1) for n in range(3)]
    await gate.entered.wait()
    pool = await wait_for_queue(harness, 2)
    assert (pool.width, pool.in_use, gate.calls) == (1, 1, 1)
    assert {each.run for each in (*pool.users, *pool.queue)} == {run.id for run in runs}
    assert [each.what for each in pool.users] == ["hold"]
    priorities = [each.priority for each in pool.queue]
    assert priorities == sorted(priorities, key=lambda each: each or 0)
    gate.left.set()
    for run in runs:
        assert (await run.result()).output == "done"
    assert gate.calls == 3


async def test_an_abort_reaches_a_call_that_waits_for_its_pool(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate(pool=name)
    agent = Agent(name, tools=[gate.tool])
    model_server.script(*[call("hold", what="it")] * 2)
    model_server.always(say("done"))
    first = await harness.start(agent, "go")
    await gate.entered.wait()
    second = await harness.start(agent, "go")
    await wait_for_queue(harness, 1)
    await second.abort()
    assert (await second.outcome()).state == "aborted"
    assert (await wait_for_queue(harness, 0)).in_use == 1
    assert gate.calls == 1
    gate.left.set()
    assert (await first.result()).output == "done"


async def test_model_calls_take_turns(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, model=f"openai/{name}-one")
    go = asyncio.Event()
    model_server.always(say("done", until=go))
    runs = [await harness.start(agent, "go") for _ in range(3)]

    async def wait_in_line() -> bool:
        found = await client.list_limits(harness.connection, ["model"])
        return next(each for each in found if each.name.endswith("one")).waiting == 2

    await until(wait_in_line)
    assert len(model_server.calls) == 1
    go.set()
    for run in runs:
        await run.result()
    assert len(model_server.calls) == 3


async def test_the_next_candidate_is_called_if_the_wait_is_long(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, model=plan_of(f"openai/{name}-few"))
    model_server.always(say("done"))
    assert (await harness.run(agent, "go")).output == "done"
    run = await harness.start(agent, "go")
    assert (await run.result()).output == "done"
    assert [each.path for each in model_server.calls] == ["/v1/responses", "/v1/messages"]


@pytest.mark.parametrize(
    ("step", "most"), [(cut("x" * 40), 10_000), (fail(500), 100), (say("", used=Used(70, 7)), 77)]
)
async def test_a_failed_call_counts_what_the_provider_may_count(
    harness: Harness, model_server: ModelServer, name: str, step: Step, most: int
) -> None:
    """All that was reserved, if an answer had begun and its usage was not reported."""
    model, output = f"openai/{name}-short", 400
    first = Candidate(model=model, params=ModelParams(max_output_tokens=output))
    plan = ModelPlan(candidates=(first, Candidate(model="anthropic/claude")))
    model_server.script(step, say("other"))
    assert (await harness.run(Agent(name, model=plan), "go")).output == "other"

    async def read_tokens() -> int:
        found = await client.list_limits(harness.connection, ["model"])
        limit = next(each for each in found if each.name == model)
        return limit.tokens if limit.in_use == 0 else -1

    async def is_settled() -> bool:
        return await read_tokens() > 0

    await until(is_settled)
    tokens = await read_tokens()
    assert tokens <= most
    assert (tokens >= output) == (most == 10_000)


async def test_a_refused_call_closes_the_limit_for_all(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, model=plan_of(f"openai/{name}-one"))
    model_server.script(fail(429, retry_after=3600), say("other"))
    model_server.always(say("other"))
    for _ in range(2):
        assert (await harness.run(agent, "go")).output == "other"
    paths = [each.path for each in model_server.calls]
    assert paths == ["/v1/responses", "/v1/messages", "/v1/messages"]
    found = await client.list_limits(harness.connection, ["model"])
    limit = next(each for each in found if each.name.endswith("one"))
    assert limit.refused == 1
    assert limit.closed_seconds is not None
