"""What failed calls cost is booked, with a shared budget and without one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness import Agent, Budget, Harness
from harness.budgets import client
from harness.budgets.views import Spending
from harness.contracts.model import Candidate, ModelParams, ModelPlan
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


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize(
    "hidden",
    [Say(thinking="x" * 800), Say(calls=(("go", {"a": "x" * 800}),))],
    ids=["think", "call"],
)
async def test_thoughts_and_arguments_of_an_interrupted_call_cost(
    harness: Harness, model_server: ModelServer, name: str, hidden: Say, provider: str
) -> None:
    model_server.script(replace(hidden, pieces=8, then="cut"), say("done"))
    assert (await harness.run(Agent(name, model=f"{provider}/m"), "go")).output == "done"
    spent = await read_spending(harness, name, 2)
    assert 20 + 50 < spent.output <= 20 + 810 / 4


async def test_a_false_figure_costs_what_the_request_allowed(
    harness: Harness, model_server: ModelServer, name: str, budget: Budget | None
) -> None:
    model_server.script(say("done", used=Used(input=10, output=10**11)))
    first = Candidate(model="openai/gpt-5", params=ModelParams(max_output_tokens=300))
    agent = Agent(name, model=ModelPlan(candidates=(first,)), budget=budget)
    assert (await harness.run(agent, "go")).output == "done"
    spent = await read_spending(harness, name, 1)
    assert (spent.calls, spent.input, spent.output, spent.estimated) == (1, 10, 300, 1)
