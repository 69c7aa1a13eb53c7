"""An agent calls another one as a tool: its run, its answer, its tokens and its events."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from harness import Agent, Budget, Harness
from harness.contracts import event as e
from harness.contracts.run import RunState
from harness.history import reader
from harness.runs.start import Request, as_messages
from harness.sdk.handle import RunHandle
from harness_workflows.run import progress
from tests.fakes.family import by_agent, instructions_of
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, add, all_events, eventually, one, only
from tests.fakes.steps import Used, call, calls, fail, say


class Found(BaseModel):
    answer: int


def make_agent(name: str, role: str, **options: Any) -> Agent[Any, Any]:
    return Agent(f"{name}-{role}", instructions=instructions_of(role), **options)


async def test_the_model_reads_what_the_agent_answered(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(
        by_agent(
            boss=(call("ask", prompt="What is 2 + 2?"), say("It is four.")),
            clerk=(call("add", a=2, b=2), say("Four.", used=Used(input=30, output=3))),
        )
    )
    clerk = make_agent(name, "clerk", tools=[add])
    boss = make_agent(name, "boss", tools=[clerk.as_tool(name="ask", description="Adds.")])
    request = Request(messages=as_messages("What is 2 + 2?"), owner="ann")
    run = await harness.begin(boss, request)
    result = await run.result()
    assert result.output == "It is four."
    events = await all_events(run)
    started, ended = one(events, e.ChildStarted), one(events, e.ChildEnded)
    assert (started.agent, started.prompt, started.turn) == (clerk.name, "What is 2 + 2?", 1)
    finished = one(events, e.ToolCallFinished)
    assert (finished.content, finished.ok, finished.call_id) == ("Four.", True, started.call_id)
    assert ended.state is RunState.COMPLETED
    assert ended.totals is not None
    spec = await reader.read_spec(harness.connection, started.child)
    assert spec is not None
    assert spec.called_by is not None
    assert (spec.root, spec.owner, spec.called_by.run) == (run.id, "ann", run.id)
    assert spec.lineage == run.id
    # 2 calls of 120 tokens each, 1 of the child's the same and one of 33.
    assert ended.totals.usage.total == 120 + 33
    assert result.totals.usage.total == 240 + 120 + 33
    assert one(events, e.RunEnded).totals == result.totals


async def test_a_failure_a_typed_result_and_a_long_one_reach_the_model(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(
        by_agent(
            boss=(
                call("fails", prompt="Go."),
                call("finds", prompt="Go."),
                call("writes", prompt="Go."),
                say("Done."),
            ),
            fails=(fail(400, "too odd"),),
            finds=(say('{"answer": 4}'),),
            writes=(say("x" * 50_000),),
        )
    )
    tools = [
        make_agent(name, "fails").as_tool(name="fails", description="Fails."),
        make_agent(name, "finds", output=Found).as_tool(name="finds", description="Finds."),
        make_agent(name, "writes").as_tool(name="writes", description="Writes."),
    ]
    run = await harness.start(make_agent(name, "boss", tools=tools), "Go.")
    await run.result()
    failed, found, written = only(await all_events(run), e.ToolCallFinished)
    assert failed.ok is False
    assert "too odd" in failed.content
    assert found.content == '{"answer":4}'
    assert written.artifact is not None
    assert len(written.content) < 20_000


async def test_children_side_by_side_share_what_the_budget_has_left(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    three = [("ask", {"prompt": f"Add {n}."}) for n in range(3)]
    model_server.always(by_agent(boss=(calls(*three), say("Done.")), clerk=(say("Added."),)))
    asks = make_agent(name, "clerk").as_tool(name="ask", description="Adds.")
    budget = Budget(tokens=30_120)
    boss = make_agent(name, "boss", tools=[asks], parallel=True, budget=budget)
    run = await harness.start(boss, "Add.")
    result = await run.result()
    assert result.totals.usage.total == 5 * 120
    started = only(await all_events(run), e.ChildStarted)
    assert sorted(each.prompt for each in started) == ["Add 0.", "Add 1.", "Add 2."]
    for each in started:
        spec = await reader.read_spec(harness.connection, each.child)
        assert spec is not None
        assert spec.budget.tokens == 10_000


async def test_a_run_goes_on_in_a_fresh_history_while_a_child_is_open(
    harness: Harness, model_server: ModelServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    model_server.always(
        by_agent(
            boss=(call("ask", prompt="Hold."), say("Done.")),
            clerk=(call("hold", what="it"), say("Held.")),
        )
    )
    clerk = make_agent(name, "clerk", tools=[gate.tool])
    boss = make_agent(name, "boss", tools=[clerk.as_tool(name="ask", description="Holds.")])
    run = await harness.start(boss, "Hold.")
    await gate.entered.wait()
    with monkeypatch.context() as patched:
        patched.setattr(progress, "MAX_SIGNALS", 1)
        await run.hint("Be brief.")
        await eventually(lambda: count_starts(run), lambda found: found == 2)
    gate.left.set()
    events = await all_events(run)
    assert one(events, e.ToolCallFinished).content == "Held."
    assert one(events, e.ChildEnded).state is RunState.COMPLETED
    ended = one(events, e.RunEnded)
    assert ended.totals is not None
    assert (ended.totals.usage.total, ended.totals.tool_calls) == (480, 1)


async def count_starts(run: RunHandle[Any]) -> int:
    return len(only(await run.trace(), e.RunStarted))
