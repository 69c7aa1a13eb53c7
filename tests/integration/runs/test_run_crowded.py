"""A run that is told too much stays steerable: signals are bounded, and a wait outlives history."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from harness import Agent, Budget, Harness
from harness.config.settings import settings_model
from harness.contracts import event as e
from harness.contracts.errors import RunError, SteeringError, TooManySignals
from harness.contracts.run import RunState
from harness.contracts.steering import MAX_HINT_BYTES, MAX_HINTS
from harness.runs import steer
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, eventually, one, only, send, until_state, waiting
from tests.fakes.steps import call, calls, say

LARGE = "x" * 1_400_000
"""Below what the engine takes, above what a run takes."""
ALMOST = 900_000
"""Below what a run takes in one hint."""
ENGINE_LIMIT = 10_000
"""Signals that the engine takes for one execution of a workflow."""


async def plain_handle(harness: Harness, run: RunHandle[Any]) -> Any:
    """As any client of the engine: ours would refuse what is too large."""
    client = await Client.connect(harness.connection.endpoints.temporal_address)
    return client.get_workflow_handle(run.id)


async def executions(harness: Harness, run: RunHandle[Any]) -> int:
    query = f"WorkflowId = '{run.id}'"
    return (await harness.connection.temporal.count_workflows(query)).count


async def crowd(handle: Any, count: int, *, width: int = 100) -> None:
    for start in range(0, count, width):
        numbers = range(start, min(start + width, count))
        await asyncio.gather(*(handle.signal("hint", f"hint {n}") for n in numbers))


@pytest.mark.slow
async def test_a_waiting_run_takes_more_than_a_history_holds(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(
        calls(("send", {"to": "ann", "text": "a"}), ("send", {"to": "bob", "text": "b"})),
        say("Sent."),
    )
    run = await harness.start(Agent(name, tools=[send]), "Write to both.")
    following = asyncio.create_task(all_events(run, 50))
    await waiting(run)
    await run.approve()  # the first result is known before the history ends
    await eventually(run.pending, lambda found: [p.arguments["to"] for p in found] == ["bob"])
    handle = await plain_handle(harness, run)
    for _ in range(10):  # 14 MB: the engine suggests a fresh history at 4, and ends a run at 50
        await handle.signal("hint", LARGE)
        await run.status()  # as fast as the run takes them, and no faster
    [pending] = await eventually(run.pending, lambda found: len(found) == 1, 30)
    assert pending.arguments == {"to": "bob", "text": "b"}
    assert (await run.status()).state is RunState.WAITING
    await run.decide("edit", arguments={"to": "eve", "text": "b"})
    events = await following
    assert one(events, e.RunEnded).state is RunState.COMPLETED
    assert len(only(events, e.RunStarted)) > 1
    assert len(only(events, e.SignalRefused)) == 10
    assert [d.arguments["to"] for d in only(events, e.DecisionRequested) if d.arguments] == [
        "ann",
        "bob",
    ]
    outputs = [i for i in model_server.calls[-1].body["input"] if "output" in i]
    assert [i["output"] for i in outputs] == ["sent 'a' to ann", "sent 'b' to eve"]
    assert len(await run.effects()) == 2


async def test_a_budget_and_a_pause_wait_through_fresh_histories(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(call("send", to="ann", text="a"))
    agent = Agent(name, tools=[send], budget=Budget(turns=1, ask=True))
    run = await harness.start(agent, "Write.")
    await waiting(run)
    await run.approve()
    await eventually(run.pending, lambda found: [p.need for p in found] == ["budget"])
    handle = await plain_handle(harness, run)
    for _ in range(4):
        await handle.signal("hint", LARGE)
    await eventually(lambda: executions(harness, run), lambda count: count == 2)
    await waiting(run)
    await run.approve("budget")
    await eventually(run.pending, lambda found: [p.need for p in found] == ["approval"])
    await run.pause()
    await run.approve()
    await until_state(run, RunState.PAUSED)
    for _ in range(4):
        await handle.signal("hint", LARGE)
    await eventually(lambda: executions(harness, run), lambda count: count == 3)
    await until_state(run, RunState.PAUSED)
    await run.resume()
    await eventually(run.pending, lambda found: [p.need for p in found] == ["budget"])
    await run.reject("budget")
    events = await all_events(run)
    assert one(events, e.RunEnded).state is RunState.FAILED
    assert [d.need for d in only(events, e.DecisionRequested)] == ["approval", "budget"] * 2


@pytest.mark.parametrize(
    ("large", "small"),
    [(5, 100), pytest.param(25, 3_000, marks=pytest.mark.campaign)],
)
async def test_a_flooded_run_can_be_steered_and_aborted(
    harness: Harness, model_server: ModelServer, name: str, large: int, small: int
) -> None:
    model_server.script(call("send", to="ann", text="a"), call("send", to="bob", text="b"))
    run = await harness.start(Agent(name, tools=[send]), "Write to both.")
    await waiting(run)
    handle = await plain_handle(harness, run)
    for _ in range(large):
        await handle.signal("hint", "x" * ALMOST)
    await crowd(handle, small, width=20)
    fit = MAX_HINT_BYTES // ALMOST
    kept = min(fit + small, MAX_HINTS)
    await eventually(run.status, lambda status: status.hints == kept, 60)
    await run.approve()
    await eventually(run.pending, lambda found: [p.turn for p in found] == [2])
    await run.abort("enough")
    ended = await run.outcome()
    assert (ended.state, ended.reason) == (RunState.ABORTED, "enough")
    assert len(only(await run.trace(), e.SignalRefused)) == large + small - kept


async def test_a_cancel_that_does_not_arrive_is_an_error_of_ours(
    remote: Harness, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The run may be gone, or the engine, by the time that it takes no more signals."""

    async def refuse(*_: Any) -> None:
        raise TooManySignals("It takes no more signals.")

    run = remote.get_run(name)
    monkeypatch.setattr(steer, "_signal", refuse)
    with pytest.raises(RunError) as refused:
        await run.abort("enough")
    assert refused.value.code == "run.not_found"


@pytest.mark.campaign
async def test_a_run_that_takes_no_more_signals_can_be_aborted(
    options: dict[str, Any], remote: Harness, tmp_path: Path, name: str
) -> None:
    """The engine takes so many for one execution; without a worker no fresh history can begin."""
    agent = Agent(name)
    run = await remote.start(agent, "Answer.")
    await crowd(await plain_handle(remote, run), ENGINE_LIMIT)
    with pytest.raises(SteeringError) as refused:
        await run.hint("one more")
    assert refused.value.code == "steering.too_many"
    await run.abort("enough")
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as serving:
        await serving.serve(agent)
        ended = await run.outcome()
    assert (ended.state, ended.reason) == (RunState.ABORTED, "enough")
    refusals = only(await run.trace(), e.SignalRefused)
    assert len(refusals) == ENGINE_LIMIT - MAX_HINTS
    assert str(MAX_HINTS) in refusals[0].message
