"""An agent hands its conversation over to another one, which continues it in a run below."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from harness import Agent, Budget, Harness, ToolContext, tool
from harness.contracts import event as e
from harness.contracts.errors import InvalidAgent
from harness.contracts.run import RunState
from harness.history import reader
from harness.runs.start import Request, as_messages
from harness_workflows.run import progress
from tests.fakes.family import by_agent, instructions_of
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, add, all_events, eventually, one, only, valid_transcript
from tests.fakes.steps import call, calls, fail, say


class Found(BaseModel):
    answer: int


def make_agent(name: str, role: str, **options: Any) -> Agent[Any, Any]:
    return Agent(f"{name}-{role}", instructions=instructions_of(role), **options)


def make_pair(name: str, **options: Any) -> tuple[Agent[Any, Any], Agent[Any, Any]]:
    """A desk that hands over to a clerk."""
    clerk = make_agent(name, "clerk", **options)
    over = clerk.as_handover(name="hand_over", description="Does sums.")
    return make_agent(name, "desk", tools=[add, over]), clerk


def hand_over(reason: str = "It is a sum.") -> Any:
    return call("hand_over", reason=reason)


async def test_the_other_agent_continues_the_conversation_and_answers(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    both = calls(("add", {"a": 1, "b": 1}), ("hand_over", {"reason": "It is a sum."}))
    model_server.always(by_agent(desk=(both,), clerk=(call("add", a=2, b=2), say("Four."))))
    desk, clerk = make_pair(name, tools=[add])
    run = await harness.begin(desk, Request(messages=as_messages("What is 2 + 2?"), owner="ann"))
    result = await run.result()
    assert (result.output, result.state) == ("Four.", RunState.COMPLETED)
    events = await all_events(run)
    started, ended = one(events, e.ChildStarted), one(events, e.ChildEnded)
    assert (started.agent, started.handover, ended.state) == (clerk.name, True, RunState.COMPLETED)
    contents = [each.content for each in only(events, e.ToolCallFinished)]
    assert contents == ["2", f"{clerk.name} continues the conversation."]
    spec = await reader.read_spec(harness.connection, started.child)
    assert spec is not None and spec.called_by is not None
    assert (spec.owner, spec.root, spec.called_by.handover) == ("ann", run.id, True)
    # What the clerk reads: the question, the desk's calls with their results, and the hand-over.
    read = str(model_server.calls[1].body)
    assert "What is 2 + 2?" in read
    assert f"{desk.name} has handed this conversation over to you" in read
    assert (result.totals.usage.total, result.handed_to) == (3 * 120, started.child)
    last = one(events, e.RunEnded)
    assert (last.totals, last.output) == (result.totals, "Four.")
    messages = await valid_transcript(harness, last.head)
    assert messages[0].text == "What is 2 + 2?"
    assert messages[-1].text == "Four."
    assert [each.origin for each in messages if each.origin] == ["handover"]


async def test_a_session_goes_on_with_what_the_other_agent_said(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(by_agent(desk=(hand_over(), say("You are welcome.")), clerk=(say("4."),)))
    desk, clerk = make_pair(name)
    session = harness.session(name)
    first = await session.start(desk, "2 + 2?")
    await first.result()
    assert (await session.run(desk, "Thanks.")).output == "You are welcome."
    read = str(model_server.calls[-1].body)
    assert "2 + 2?" in read and "4." in read
    child = one(await all_events(first), e.ChildStarted).child
    spec = await reader.read_spec(harness.connection, child)
    assert spec is not None
    assert (spec.session, spec.agent) == (name, clerk.name)


async def test_it_shares_the_budget_and_is_undone_with_the_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    removed = list[str]()

    @tool
    async def note(text: str) -> str:
        """Write a note."""
        return text

    @note.undo
    async def remove(ctx: ToolContext[Any], receipt: Any) -> str:
        removed.append(ctx.run)
        return "removed"

    assert remove
    clerk = make_agent(name, "clerk", tools=[note], budget=Budget(turns=50))
    over = clerk.as_handover(name="hand_over", description="Writes.")
    desk = make_agent(name, "desk", tools=[over], budget=Budget(turns=5, tokens=1_120, ask=True))
    model_server.always(by_agent(desk=(hand_over(),), clerk=(call("note", text="a"), say("Done."))))
    run = await harness.start(desk, "Write.")
    await run.result()
    child = one(await all_events(run), e.ChildStarted).child
    spec = await reader.read_spec(harness.connection, child)
    assert spec is not None
    assert (spec.budget.turns, spec.budget.tokens, spec.budget.ask) == (4, 1_000, True)
    assert len((await run.undo()).undone) == 1
    assert removed == [child]


async def test_hints_pauses_and_an_abort_reach_the_agent_that_took_over(
    harness: Harness, model_server: ModelServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    desk, clerk = make_pair(name, tools=[gate.tool])
    hold = call("hold", what="it")
    model_server.always(by_agent(desk=(hand_over(),), clerk=(hold, hold, say("Held."))))
    run = await harness.start(desk, "Hold.")
    await gate.entered.wait()
    child = harness.get_run(one(await run.trace(), e.ChildStarted).child, clerk)
    with monkeypatch.context() as patched:  # also from a fresh history
        patched.setattr(progress, "MAX_SIGNALS", 1)
        await run.hint("Be brief.")
        await eventually(run.trace, lambda seen: len(only(seen, e.RunStarted)) == 2)
    await run.pause()
    await eventually(child.trace, lambda seen: "pause_requested" in [each.type for each in seen])
    await run.resume()
    await eventually(child.trace, lambda seen: "resume_requested" in [each.type for each in seen])
    assert [each.text for each in only(await child.trace(), e.HintReceived)] == ["Be brief."]
    await run.abort("enough")
    result = await run.outcome()
    assert (result.state, result.reason) == (RunState.ABORTED, "enough")
    assert (await child.outcome()).state is RunState.ABORTED


async def test_a_run_fails_as_the_agent_fails_that_took_over(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(by_agent(desk=(hand_over(),), clerk=(fail(400, "too odd"),)))
    desk, clerk = make_pair(name)
    run = await harness.start(desk, "Go.")
    result = await run.outcome()
    child = await harness.get_run(one(await all_events(run), e.ChildStarted).child, clerk).outcome()
    assert result.state is RunState.FAILED
    assert result.error is not None and child.error is not None
    assert (result.error.code, result.error.message) == (child.error.code, child.error.message)


async def test_hand_overs_end_at_the_depth_of_children(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agents = [make_agent(name, "a0")]
    for number in range(1, 5):
        over = agents[-1].as_handover(name="hand_over", description="Continues.")
        agents.append(make_agent(name, f"a{number}", tools=[over]))
    steps: dict[str, Any] = {f"a{n}": (hand_over(), say("I answer myself.")) for n in range(5)}
    model_server.always(by_agent(**steps))
    run = await harness.start(agents[-1], "Go.")
    assert (await run.result()).output == "I answer myself."
    assert len(model_server.calls) == 5
    results = [each for each in str(model_server.calls[-1].body).split("'") if "deep" in each]
    assert results == ["hand_over was not called: this run is 3 agents deep already."]


def test_both_agents_promise_the_same_output() -> None:
    over = Agent("clerk", output=Found).as_handover(description="Finds.")
    assert over.name == "hand_over_to_clerk"
    Agent("desk", tools=[over], output=Found)
    with pytest.raises(InvalidAgent, match="another output type"):
        Agent("desk", tools=[over])
    with pytest.raises(InvalidAgent, match="description is empty"):
        Agent("clerk").as_handover(description=" ")
