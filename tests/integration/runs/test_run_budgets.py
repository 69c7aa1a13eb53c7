"""Budgets stop a run at a boundary, with an event that says which one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import Agent, Budget, Harness
from harness.contracts import event as e
from harness.contracts.errors import RunError
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import (
    Gate,
    add,
    all_events,
    eventually,
    one,
    send,
    until_state,
    valid_transcript,
    waiting,
)
from tests.fakes.steps import Say, Used, call, say

MORE = Say(calls=(("add", {"a": 1, "b": 2}),), used=Used(input=1000, output=1000))


@pytest.mark.parametrize(
    ("budget", "said", "turns"),
    [
        (Budget(turns=3), "3 turns", 3),
        (Budget(tokens=3000), "3000 tokens", 2),
        (Budget(cost_micros=12_000), "$0.0120", 2),
    ],
)
async def test_a_run_stops_at_its_budget(
    harness: Harness,
    model_server: ModelServer,
    name: str,
    budget: Budget,
    said: str,
    turns: int,
) -> None:
    model_server.always(MORE)
    run = await harness.start(Agent(name, tools=[add], budget=budget), "Add for ever.")
    events = await all_events(run)
    assert said in one(events, e.BudgetReached).budget
    ended = one(events, e.RunEnded)
    assert ended.state is RunState.FAILED
    assert ended.totals is not None
    assert ended.totals.turns == turns
    assert ended.head is not None
    with pytest.raises(RunError) as caught:
        await run.result()
    assert caught.value.code == "run.budget"


async def test_time_that_is_used_up_by_a_tool(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"))
    agent = Agent(name, tools=[gate.tool], budget=Budget(seconds=0.05))
    run = await harness.start(agent, "Hold it.")
    await gate.entered.wait()
    status = await run.status()
    assert status.state is RunState.RUNNING
    gate.left.set()
    # Between two steps is where it stops: what the tool had done is in the transcript.
    events = await all_events(run)
    assert one(events, e.ToolCallFinished).content == "held it"
    assert "0.05 seconds" in one(events, e.BudgetReached).budget


async def test_time_that_ends_while_a_person_is_asked(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", to="ann", text="hi"))
    agent = Agent(name, tools=[send], budget=Budget(seconds=1))
    run = await harness.start(agent, "Write to Ann.")
    ended = one(await all_events(run), e.RunEnded)
    assert ended.error is not None
    assert ended.error.code == "run.budget"
    await valid_transcript(harness, ended.head)


async def test_time_that_ends_while_paused(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"))
    agent = Agent(name, tools=[gate.tool], budget=Budget(seconds=1))
    run = await harness.start(agent, "Hold it.")
    await gate.entered.wait()
    await run.pause()
    gate.left.set()
    ended = one(await all_events(run), e.RunEnded)
    assert ended.error is not None
    assert ended.error.code == "run.budget"


async def test_time_is_granted_again(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    agent = Agent(name, tools=[gate.tool], budget=Budget(seconds=0.05, ask=True))
    run = await harness.start(agent, "Hold it.")
    await gate.entered.wait()
    gate.left.set()
    (pending,) = await waiting(run)
    assert pending.need == "budget"
    await until_state(run, RunState.WAITING)
    await run.approve()
    assert (await run.result()).output == "Held."


async def test_where_a_grant_can_be_asked_for_a_wait_goes_on(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    agent = Agent(name, tools=[send], budget=Budget(seconds=0.01, ask=True))
    run = await harness.start(agent, "Write to Ann.")
    (pending,) = await waiting(run)
    await run.approve(pending.id)
    await eventually(run.pending, lambda found: [p.need for p in found] == ["budget"])
    await run.decide("edit", "budget", arguments={"seconds": 60})
    assert (await run.result()).output == "Sent."


async def test_a_budget_binds_without_figures_from_the_provider(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(replace(MORE, used=Used(0, 0)))
    run = await harness.start(Agent(name, tools=[add], budget=Budget(tokens=100)), "Add for ever.")
    outcome = await run.outcome()
    assert outcome.error is not None
    assert outcome.error.code == "run.budget"
    assert outcome.totals.turns <= 3
    assert outcome.totals.usage.estimated
