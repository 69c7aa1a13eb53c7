"""Policies, gates and shared budgets hold for children too, and what they cost counts once."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Budget, Harness, tool
from harness.api.caller import Caller, Role
from harness.budgets import client
from harness.budgets.store import BudgetStore
from harness.contracts import event as e
from harness.interceptors import Decision, Stop, ToolUse
from harness.runs.steer import decide_run
from harness.sdk.handle import RunHandle
from tests.fakes.family import by_agent, instructions_of
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, all_events, one, waiting
from tests.fakes.steps import call, say

RULES: list[dict[str, Any]] = [
    {"name": "no mail out", "decision": "deny", "tool": "note", "reason": "Mail stays inside.",
     "arguments": {"to": {"glob": "*@out"}}},
    {"name": "admin", "decision": "ask", "tool": "note", "whom": ["role:admin"]},
]  # fmt: skip
ADMIN = Caller("ann", Role.ADMIN, "t1")


@pytest.fixture
def options(options: dict[str, Any]) -> dict[str, Any]:
    return {**options, "policies": {"rules": RULES}}


@tool(effect="write")
def note(to: str) -> str:
    """Write a note."""
    return f"noted to {to}"


async def start(
    harness: Harness, model: ModelServer, name: str, *steps: Any, **options: Any
) -> tuple[RunHandle[Any], Agent[Any, Any]]:
    """A boss asks a clerk, who takes these steps."""
    model.always(
        by_agent(boss=(call("ask", prompt="Write."), say("Done.")), clerk=(*steps, say("Ok.")))
    )
    budget, within = options.pop("budget", None), options.pop("within", None)
    clerk = Agent(f"{name}-clerk", instructions=instructions_of("clerk"), **options)
    boss = Agent(
        f"{name}-boss",
        instructions=instructions_of("boss"),
        tools=[clerk.as_tool(name="ask", description="Writes.")],
        budget=budget,
    )
    begin = harness.session(within).start if within else harness.start
    return await begin(boss, "Have it written."), clerk


async def child_of(harness: Harness, run: RunHandle[Any], clerk: Agent[Any, Any]) -> Any:
    return harness.get_run(one(await all_events(run), e.ChildStarted).child, clerk)


async def test_a_policy_denies_calls_of_children_and_asks_about_them(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    steps = (call("note", to="eve@out"), call("note", to="boss"))
    run, clerk = await start(harness, model_server, name, *steps, tools=[note])
    started = None
    async for event in run.events():
        if isinstance(event, e.ChildStarted):
            started = event
            break
    assert started is not None
    child = harness.get_run(started.child, clerk)
    [pending] = await waiting(child)
    assert pending.ruling is not None
    assert pending.ruling.rule == "admin"
    said = {"verdict": "approve"}
    await decide_run(harness.connection, child.id, pending, said, key=None, by=ADMIN)
    ends = [each for each in await all_events(child) if isinstance(each, e.ToolCallFinished)]
    assert "Mail stays inside." in ends[0].content
    assert ends[1].content == "noted to boss"
    assert (await run.result()).output == "Done."


async def test_gates_of_a_child_stop_its_calls(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    async def stop_sums(use: ToolUse) -> Decision | None:
        return Stop("No sums today.") if use.request.call.name == "add" else None

    options = {"tools": [add], "gates": [stop_sums]}
    run, clerk = await start(harness, model_server, name, call("add", a=1, b=2), **options)
    await run.result()
    end = one(await all_events(await child_of(harness, run, clerk)), e.ToolCallFinished)
    assert end.error is not None
    assert end.error.code == "gates.stopped"


async def test_children_use_the_budget_that_is_shared_and_are_paid_for_once(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    budget = Budget(tokens=20_000, shared="run")
    steps = call("add", a=1, b=2)
    run, clerk = await start(harness, model_server, name, steps, tools=[add], budget=budget)
    totals = (await run.result()).totals
    assert totals.usage.total == 4 * 120
    store = BudgetStore(harness.connection.database)
    (account,) = await store.list_accounts(key=f"run:{run.id}", limit=2)
    assert account.spent_tokens == 4 * 120
    found = [
        (await client.read_spending(harness.connection, (), filters={"agent": agent})).total
        for agent in (f"{name}-boss", clerk.name)
    ]
    assert [(each.calls, each.input + each.output) for each in found] == [(2, 240), (2, 240)]
    forecast = await client.forecast(harness.connection, f"{name}-boss")
    assert forecast.tokens is not None and forecast.turns is not None
    assert (forecast.runs, forecast.tokens.p50, forecast.turns.p50) == (1, 480, 2)


async def test_children_are_paid_for_in_the_session_of_the_run_that_called_them(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    run, _ = await start(harness, model_server, name, within=f"{name}-talk")
    await run.result()
    found = await client.read_spending(
        harness.connection, ("agent",), filters={"session": f"{name}-talk"}
    )
    assert {(each.agent, each.calls) for each in found.spending} == {
        (f"{name}-boss", 2),
        (f"{name}-clerk", 1),
    }
