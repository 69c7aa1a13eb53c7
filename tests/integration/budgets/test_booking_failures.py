"""What failed calls cost is booked, with a shared budget and without one."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Budget, Harness
from harness.budgets import client
from harness.budgets.views import Spending
from tests.fakes.model_server import ModelServer
from tests.fakes.stack import until
from tests.fakes.steps import Say, Used, cut, fail, say

LARGE = Budget(tokens=1_000_000, shared="run")


@pytest.fixture(params=[None, LARGE], ids=["alone", "shared"])
def budget(request: pytest.FixtureRequest) -> Any:
    return request.param


async def read_spending(harness: Harness, agent: str, calls: int) -> Spending:
    async def is_booked() -> bool:
        return (await client.read_spending(harness.connection, [], filters={"agent": agent})
                ).total.calls >= calls  # fmt: skip

    await until(is_booked)
    return (await client.read_spending(harness.connection, [], filters={"agent": agent})).total


async def test_a_refusal_costs_what_the_provider_counted(
    harness: Harness, model_server: ModelServer, name: str, budget: Budget | None
) -> None:
    model_server.script(Say(refusal="No.", used=Used(input=70, output=7)))
    run = await harness.start(Agent(name, budget=budget), "go")
    assert (await run.outcome()).state == "failed"
    spent = await read_spending(harness, name, 1)
    assert (spent.calls, spent.input, spent.output, spent.estimated) == (1, 70, 7, 0)


async def test_an_interrupted_call_costs_an_estimate(
    harness: Harness, model_server: ModelServer, name: str, budget: Budget | None
) -> None:
    model_server.script(cut("x" * 80), fail(429, retry_after=0.01), fail(500), say("done"))
    agent = Agent(name, budget=budget)
    assert (await harness.run(agent, "go")).output == "done"
    spent = await read_spending(harness, name, 2)
    assert (spent.calls, spent.estimated) == (2, 1), "nothing for what was refused"
    assert 20 < spent.output <= 20 + 80 / 4
