"""Edits of a call: what they change, and what is refused before it is accepted."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from pydantic import Field
from temporalio.client import WorkflowUpdateFailedError

from harness import Agent, Harness, tool
from harness.contracts import event as e
from harness.contracts.errors import SteeringError
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, eventually, one, only, send, sent_results, waiting
from tests.fakes.steps import call, say

LETTER = {"to": "ann", "text": "hi"}


async def refusal(handle: Any, typed: Any) -> str:
    """Why the run refuses what somebody types as an update."""
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.execute_update("decide", typed)
    cause: Any = caught.value.cause
    assert cause.type in ("steering.bad_payload", "steering.not_pending")
    return str(cause.message)


async def test_edited(harness: Harness, model_server: ModelServer, name: str) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    await waiting(run)
    decision = await run.decide("edit", arguments={"to": "bob", "text": "hi"})
    assert decision.edited
    events = await all_events(run)
    assert one(events, e.DecisionMade).arguments == {"to": "bob", "text": "hi"}
    last = only(events, e.ToolCallStarted)[-1]
    assert (last.arguments, last.edited) == ({"to": "bob", "text": "hi"}, True)
    assert sent_results(model_server) == ["sent 'hi' to bob"]


async def test_an_edit_changes_what_it_names(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", **LETTER), call("send", **LETTER), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    await waiting(run)
    decision = await run.decide("edit", arguments={"to": "bob"})
    assert decision.arguments == {"to": "bob", "text": "hi"}
    await eventually(run.pending, lambda found: [p.turn for p in found] == [2])
    with pytest.raises(SteeringError, match="'text' is a required property"):
        await run.decide("edit", arguments={"to": "bob"}, replace=True)
    await run.decide("edit", arguments={"to": "eve", "text": "hey"}, replace=True)
    events = await all_events(run)
    assert sent_results(model_server) == ["sent 'hi' to bob", "sent 'hey' to eve"]
    ends = only(events, e.ToolCallFinished)
    assert [each.decided and each.decided.arguments for each in ends] == [
        {"to": "bob", "text": "hi"},
        {"to": "eve", "text": "hey"},
    ]


async def test_an_edit_that_does_not_fit_changes_nothing(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    (pending,) = await waiting(run)
    with pytest.raises(SteeringError, match="Nothing was decided") as caught:
        await run.decide("edit", pending, arguments={"amount": 90})
    assert "amount" in caught.value.message
    assert await run.pending() == [pending]
    handle = harness.connection.temporal.get_workflow_handle(run.id)
    for typed in ({"amount": 90}, {"to": 5}):
        refused = await refusal(handle, {"verdict": "edit", "arguments": typed})
        assert "Nothing was decided" in refused
        assert next(iter(typed)) in refused
    refused = await refusal(handle, {"verdict": "edit", "arguments": {"to": "b"}, "replace": True})
    assert "'text' is a required property" in refused
    assert await run.pending() == [pending]
    await run.approve(pending)
    events = await all_events(run)
    assert sent_results(model_server) == ["sent 'hi' to ann"]
    assert len(only(events, e.DecisionMade)) == len(only(events, e.DecisionRequested)) == 1
    assert len(only(events, e.ToolCallFinished)) == 1


async def test_an_edit_that_changes_nothing_is_no_approval(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    await waiting(run)
    handle = harness.connection.temporal.get_workflow_handle(run.id)
    said = await refusal(handle, {"verdict": "edit", "arguments": {}})
    assert "names no argument to change" in said
    assert [each.id for each in await run.pending()] != []
    await run.decide("approve")
    assert (await run.outcome()).output == "Sent."


async def test_an_edit_by_hand_that_fits_is_taken(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    await waiting(run)
    handle: Any = harness.connection.temporal.get_workflow_handle(run.id)
    typed = {"verdict": "edit", "arguments": {"to": "bob"}}
    both = await asyncio.gather(
        handle.execute_update("decide", typed), run.reject(), return_exceptions=True
    )
    assert len([each for each in both if isinstance(each, Exception)]) == 1
    events = await all_events(run)
    decided = one(events, e.DecisionMade)
    content = {"edit": "sent 'hi' to bob", "reject": "A person refused this call"}
    assert sent_results(model_server) == [content[decided.verdict]]


async def test_a_run_is_aborted_while_an_edit_is_checked(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    @tool(effect="write", approval="always")
    def note(text: Annotated[str, Field(pattern="^(a|a)*$")]) -> str:
        """Take a note."""
        return text

    model_server.script(call("note", text="a"))
    run = await harness.start(Agent(name, tools=[note]), "Note it.")
    await waiting(run)
    handle: Any = harness.connection.temporal.get_workflow_handle(run.id)
    slow = {"verdict": "edit", "arguments": {"text": "a" * 60 + "b"}}
    deciding = asyncio.create_task(refusal(handle, slow))

    async def checks() -> Any:
        return (await handle.describe()).raw_description.pending_activities

    await eventually(checks)
    await run.abort("enough")
    assert "aborted" in await deciding
    assert (await run.outcome()).state is RunState.ABORTED
    assert not only(await run.trace(), e.DecisionMade)
