"""Rules hold for the runs of agents that other agents call as tools."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Harness, tool
from harness.contracts import event as e
from harness.history import reader
from harness.policies import client
from harness.policies.views import PolicyTestBody
from harness.sdk.handle import RunHandle
from tests.fakes.family import by_agent, instructions_of
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, one, waiting
from tests.fakes.steps import call, say

RULES: list[dict[str, Any]] = [
    {"name": "locked", "decision": "deny", "tool": "pay", "session": "agent-*"},
    {"name": "large", "decision": "ask", "tool": "pay", "arguments": {"amount": {"above": 100}}},
    {"name": "spent", "decision": "deny", "tool": "pay", "cost_above": 0.0},
]  # fmt: skip
STRICT = '[[rules]]\nname = "none"\ndecision = "deny"\ntool = "pay"'


@pytest.fixture
def options(options: dict[str, Any]) -> dict[str, Any]:
    return {**options, "policies": {"rules": RULES}}


@tool(effect="write")
def pay(amount: int) -> str:
    """Pay an amount."""
    return f"paid {amount}"


def make_boss(name: str) -> Agent[Any, Any]:
    clerk = Agent(f"{name}-clerk", instructions=instructions_of("clerk"), tools=[pay])
    asks = clerk.as_tool(name="ask", description="Pays.")
    return Agent(f"{name}-boss", instructions=instructions_of("boss"), tools=[asks, pay])


async def child_of(run: RunHandle[Any]) -> str:
    return one(await all_events(run), e.ChildStarted).child


async def denied_by(harness: Harness, run: str) -> str | None:
    events = [each async for each in reader.read_events(harness.connection, run, wait=False)]
    end = one(events, e.ToolCallFinished)
    return end.ruling.rule if end.ruling and not end.ok else None


async def test_a_child_is_in_the_session_of_the_run_at_the_top(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(
        by_agent(
            boss=(call("ask", prompt="Pay."), say("Done.")),
            clerk=(call("pay", amount=5), say("Done.")),
        )
    )
    run = await harness.session(name).start(make_boss(name), "Pay.")
    await run.result()
    child = await child_of(run)
    assert await denied_by(harness, child) == "locked"
    spec = await reader.read_spec(harness.connection, child)
    assert spec and spec.session is None and spec.above
    assert (spec.above.session, len(spec.above.origins)) == (name, 1)
    in_session = STRICT + f'\nsession = "{name}"'
    body = PolicyTestBody(policy=in_session, agent=f"{name}-clerk")
    [tried] = (await client.test_past_runs(harness.connection, body)).calls
    assert (tried.run, tried.would) == (child, "deny")


async def test_a_child_follows_the_policy_that_its_caller_was_switched_to(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(
        by_agent(
            boss=(call("pay", amount=500), call("ask", prompt="Pay."), say("Done.")),
            clerk=(call("pay", amount=5), say("Done.")),
        )
    )
    run = await harness.start(make_boss(name), "Pay.")
    await waiting(run)
    switched = await client.switch_policy(harness.connection, run.id, STRICT)
    await run.approve()
    await run.result()
    child = await child_of(run)
    assert await denied_by(harness, child) == "none"
    shown = await client.show_run_policy(harness.connection, child)
    assert shown == switched
    own = await client.switch_policy(harness.connection, child, None)
    assert [each.digest for each in own.pins] == ["none"]
