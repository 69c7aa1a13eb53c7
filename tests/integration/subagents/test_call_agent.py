"""An agent calls another one as a tool: its run, its answer, its tokens and its events."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from harness import Agent, Harness
from harness.contracts import event as e
from harness.contracts.run import RunState
from harness.history import reader
from tests.fakes.family import by_agent, instructions_of
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, all_events, one
from tests.fakes.steps import Used, call, say


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
    run = await harness.start(boss, "What is 2 + 2?", owner="ann")
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
