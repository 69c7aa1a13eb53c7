"""A child runs only as it was prepared: with its caller's owner, and within its budget."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Budget, Harness
from harness.contracts.errors import RunForged, SubagentRefused
from harness.contracts.message import ToolCall
from harness.contracts.run import WORKFLOW, RunSpec
from harness.contracts.tool import RunTool
from harness.runs.published import publish_agent, store_agent
from harness.runs.start import Request, as_messages, pin_spec
from harness.subagents.prepare import prepare_child
from tests.fakes.family import by_agent, instructions_of
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import say


def make_call(name: str = "ask", **left: Any) -> RunTool:
    call = ToolCall(id="c1", name=name, arguments={"prompt": "Add."})
    return RunTool(call=call, turn=1, left=Budget(**left) if left else None)


async def above(harness: Harness, name: str, **more: Any) -> tuple[Agent[Any, Any], RunSpec]:
    clerk = Agent(f"{name}-clerk", instructions=instructions_of("clerk"))
    asks = clerk.as_tool(name="ask", description="Adds.", budget=Budget(tokens=500))
    boss = Agent(f"{name}-boss", tools=[asks], budget=Budget(tokens=1000))
    await harness.serve(clerk)
    await publish_agent(harness.connection, clerk, "build")
    stored = await store_agent(harness.connection, boss)
    asked = Request(messages=as_messages("Go."), owner="ann", **more)
    return clerk, await pin_spec(harness.connection, stored, asked)


@pytest.mark.parametrize("changes", [{"owner": "eve"}, {"budget": {"tokens": 10**9}}])
async def test_a_changed_spec_is_refused(
    harness: Harness, model_server: ModelServer, name: str, changes: dict[str, Any]
) -> None:
    model_server.always(by_agent(clerk=(say("Added."),)))
    clerk, spec = await above(harness, name)
    start = await prepare_child(harness.connection, name, "origin", spec, make_call(), "Add.", None)
    assert (start.spec["owner"], start.budget.tokens) == ("ann", 500)
    forged = RunSpec.model_validate({**start.spec, **changes})
    await harness.connection.temporal.start_workflow(
        WORKFLOW, forged, id=start.run, task_queue=clerk.queue
    )
    result = await harness.get_run(start.run).outcome()
    assert result.error is not None
    assert result.error.code == RunForged.code
    assert model_server.calls == []


async def test_a_share_is_never_above_what_the_caller_was_given(
    harness: Harness, name: str
) -> None:
    _, spec = await above(harness, name, budget=Budget(tokens=300))
    connection, more = harness.connection, make_call(tokens=10**9)
    start = await prepare_child(connection, name, "origin", spec, more, "Add.", None)
    assert start.budget.tokens == 300
    again = await prepare_child(connection, name, "origin", spec, make_call(tokens=7), "Add.", None)
    assert (again.run, again.budget.tokens) == (start.run, 7)
    with pytest.raises(SubagentRefused, match="tokens"):
        await prepare_child(connection, name, "origin", spec, make_call(tokens=0), "Add.", None)
    with pytest.raises(RunForged):
        await prepare_child(connection, name, "origin", spec, make_call("other"), "Add.", None)
