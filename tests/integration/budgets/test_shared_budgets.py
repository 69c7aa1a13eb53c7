"""Runs that share a budget wait for a person when it is used up, and never exceed it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness import Agent, Budget, Harness
from harness.api.caller import Caller, Role
from harness.budgets import client
from harness.budgets.rows import AccountRow
from harness.budgets.store import BudgetStore
from harness.budgets.views import GrantBody
from harness.contracts import event as e
from harness.contracts.errors import BudgetNotFound, ModelUnpriced, RunError
from harness.contracts.run import RunState
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, all_events, eventually, one, waiting
from tests.fakes.steps import Say, Used, say

MORE = Say(calls=(("add", {"a": 1, "b": 2}),), used=Used(input=200, output=200))
SMALL = Budget(tokens=2_000, shared="run")


async def read_account(harness: Harness, key: str) -> AccountRow:
    (row,) = await BudgetStore(harness.connection.database).list_accounts(key=key, limit=2)
    return row


async def until_parked(run: RunHandle[Any]) -> None:
    assert [each.need for each in await waiting(run)] == ["budget"]


async def test_a_run_waits_and_is_granted_as_much_again(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(MORE)
    run = await harness.start(Agent(name, tools=[add], budget=SMALL), "Add for ever.")
    await until_parked(run)
    (pending,) = await run.pending()
    assert f"run:{run.id}" in pending.question
    assert "of 2,000 tokens" in pending.question
    before = await read_account(harness, f"run:{run.id}")
    assert before.spent_tokens == 400 * len(model_server.calls) <= 2_000
    assert (before.held_tokens, before.waiting) == (0, 1)
    model_server.always(say("Three."))
    await run.approve()
    assert (await run.result()).output == "Three."
    after = await read_account(harness, f"run:{run.id}")
    assert (after.granted_tokens, after.grants, after.waiting) == (2_000, 1, 0)
    made = [each for each in await all_events(run) if isinstance(each, e.DecisionMade)]
    assert [each.need for each in made] == ["budget"]


async def test_a_budget_below_one_call_says_what_the_call_needs(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Hello."))
    run = await harness.start(Agent(name, budget=Budget(tokens=100, shared="run")), "Hello")
    await until_parked(run)
    (pending,) = await run.pending()
    told = pending.question
    assert "0 of 100 tokens are used. The call needs at least " in told
    assert "256 to answer); left: 100 tokens." in told
    command = f"harness budgets grant run:{run.id} --tokens 1000"
    assert told.endswith(f"As much again is not enough. Grant more: `{command}`.")
    assert "admin" not in told and "finish" not in told
    await client.grant_budget(harness.connection, GrantBody(budget=f"run:{run.id}", tokens=1_000))
    assert (await run.result()).output == "Hello."


async def test_an_answer_is_as_long_as_the_budget_allows(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Short."))
    await harness.run(Agent(name, budget=SMALL), "Be brief.")
    (asked,) = model_server.calls
    assert 256 <= asked.body["max_output_tokens"] < 2_000


async def test_a_last_turn_without_tools_sums_up(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(MORE)
    run = await harness.start(Agent(name, tools=[add], budget=SMALL), "Add for ever.")
    await until_parked(run)
    (pending,) = await run.pending()
    assert "Approve to grant as much again, or " in pending.question
    model_server.always(say("I added some."))
    await run.answer("finish")
    outcome = await run.outcome()
    assert outcome.state is RunState.COMPLETED
    assert outcome.output == "I added some."
    assert outcome.reason
    assert "budget run:" in outcome.reason
    last = model_server.calls[-1].body
    assert not last.get("tools")
    assert "last turn" in str(last["input"][-1])
    account = await read_account(harness, f"run:{run.id}")
    assert account.spent_tokens <= 2_000


async def test_a_rejection_ends_the_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(MORE)
    run = await harness.start(Agent(name, tools=[add], budget=SMALL), "Add for ever.")
    await until_parked(run)
    await run.reject()
    with pytest.raises(RunError) as caught:
        await run.result()
    assert caught.value.code == "run.budget"
    assert "run:" in one(await all_events(run), e.BudgetReached).budget


async def test_a_budget_of_turns_may_end_with_a_summary_too(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(MORE, say("That was all."))
    agent = Agent(name, tools=[add], budget=Budget(turns=1, ask=True))
    run = await harness.start(agent, "Add for ever.")
    await until_parked(run)
    await run.answer("finish")
    outcome = await run.outcome()
    assert (outcome.output, outcome.reason) == ("That was all.", "1 turns")


async def test_runs_of_a_session_use_the_same_budget(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(MORE, say("Done."))
    agent = Agent(name, tools=[add], budget=Budget(tokens=2_000, shared="session"))
    await harness.session(name).run(agent, "Add.")
    model_server.always(MORE)
    run = await harness.session(name).start(agent, "Add for ever.")
    await until_parked(run)
    spent = (await read_account(harness, f"session:{name}")).spent_tokens
    assert spent == 120 + 400 * (len(model_server.calls) - 1) <= 2_000
    model_server.always(say("Enough."))
    await run.decide("edit", "budget", arguments={"tokens": 5_000})
    assert (await run.result()).output == "Enough."
    account = await read_account(harness, f"session:{name}")
    assert (account.granted_tokens, account.calls) == (5_000, len(model_server.calls))


async def test_a_model_without_a_price_is_not_called(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, model="openai/nobody-knows", budget=Budget(cost_micros=9, shared="run"))
    run = await harness.start(agent, "Spend.")
    with pytest.raises(ModelUnpriced, match="openai/nobody-knows"):
        await run.result()
    assert not model_server.calls


async def test_a_configured_price_counts(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Hello."))
    budget = Budget(cost_micros=900_000, shared="run")
    run = await harness.run(Agent(name, model="openai/own-price", budget=budget), "Spend.")
    account = await read_account(harness, f"run:{run.run}")
    assert account.spent_cost == run.totals.cost_micros == 100 * 1 + 20 * 10


async def run_side_by_side(
    harness: Harness, model_server: ModelServer, name: str, count: int
) -> list[RunHandle[Any]]:
    """Start runs of an agent whose budget of the day is small, until all of them wait."""
    model_server.always(MORE)
    agent = Agent(name, tools=[add])
    runs = [await harness.start(agent, "Add for ever.") for _ in range(count)]
    await asyncio.gather(*(until_parked(each) for each in runs))
    return runs


@pytest.fixture
def options(options: dict[str, Any], name: str) -> dict[str, Any]:
    prices = {"openai/own-price": {"input": 1.0, "output": 10.0}}
    day = {f"{name}-daily": {"tokens_per_day": 20_000, "cost_per_day": "0.05"}}
    return {**options, "prices": prices, "budgets": {"agents": day}}


async def test_one_grant_frees_all_runs_of_an_agent(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    runs = await run_side_by_side(harness, model_server, f"{name}-daily", 4)
    key = f"agent:{name}-daily"
    before = await read_account(harness, key)
    assert before.spent_tokens == 400 * len(model_server.calls)
    assert before.spent_cost <= 50_000
    assert before.waiting == 4
    # Deciding in a run does not raise what an admin has set.
    (first,) = await runs[0].pending()
    await runs[0].approve()
    await eventually(
        runs[0].pending, lambda found: [each.since > first.since for each in found] == [True]
    )
    assert (await read_account(harness, key)).grants == 0
    model_server.always(say("Done."))
    granted = await client.grant_budget(harness.connection, GrantBody(budget=key))
    assert granted.resumed == 4
    assert [(await each.result()).output for each in runs] == ["Done."] * 4
    bob = Caller(user="bob", role=Role.OPERATOR, token="")
    with pytest.raises(BudgetNotFound):
        await client.grant_budget(harness.connection, GrantBody(budget=key), by=bob)
