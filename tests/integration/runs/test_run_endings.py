"""The engine's own ways to end or turn back a run: our commands still explain it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus

from harness import Agent, Harness
from harness.contracts import event as e
from harness.contracts.errors import RunError
from harness.contracts.run import WORKFLOW, RunState
from harness.journal.card import card_of
from harness.journal.steps import list_steps
from harness.runs.published import store_agent
from harness.runs.start import pin_spec
from harness.runs.start_request import Request, as_messages
from harness.sdk.handle import RunHandle
from harness.store.permits import sign_run
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import (
    Gate,
    add,
    all_events,
    eventually,
    kinds,
    one,
    only,
    send,
    until_state,
    valid_transcript,
    waiting,
)
from tests.fakes.steps import Hang, call, calls, say, stall


def engine_handle(harness: Harness, run: RunHandle[Any]) -> Any:
    return harness.connection.temporal.get_workflow_handle(run.id)


async def is_canceled(harness: Harness, run: RunHandle[Any]) -> bool:
    described = await engine_handle(harness, run).describe()
    return described.status is WorkflowExecutionStatus.CANCELED


async def test_cancel_in_a_model_call(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(stall("First half. Second half."))
    run = await harness.start(Agent(name), "Tell me all.")
    async for event in run.events():
        if isinstance(event, e.OutputDelta):
            break
    await engine_handle(harness, run).cancel()
    await model_server.disconnected()
    events = await all_events(run)
    ended = one(events, e.RunEnded)
    assert ended.state is RunState.ABORTED
    assert ended.output.startswith("First")
    assert one(events, e.AbortRequested).by
    assert await is_canceled(harness, run)
    messages = await valid_transcript(harness, ended.head)
    assert messages[-1].origin == "interrupted"
    assert ended.totals is not None
    assert ended.totals.turns == 1


@pytest.mark.parametrize("parallel", [False, True])
async def test_cancel_in_tools(
    harness: Harness, model_server: ModelServer, name: str, parallel: bool
) -> None:
    gate = Gate()
    model_server.script(calls(("hold", {"what": "a"}), ("hold", {"what": "b"})))
    run = await harness.start(Agent(name, tools=[gate.tool], parallel=parallel), "Hold both.")
    await gate.entered.wait()
    await engine_handle(harness, run).cancel()
    ended = one(await all_events(run), e.RunEnded)
    assert ended.state is RunState.ABORTED
    assert await is_canceled(harness, run)
    await valid_transcript(harness, ended.head)
    assert gate.cancelled == gate.calls


@pytest.mark.parametrize("parallel", [False, True])
async def test_cancel_while_it_waits(
    harness: Harness, model_server: ModelServer, name: str, parallel: bool
) -> None:
    model_server.script(call("send", to="ann", text="hi"))
    run = await harness.start(Agent(name, tools=[send], parallel=parallel), "Write to Ann.")
    await waiting(run)
    await engine_handle(harness, run).cancel()
    ended = one(await all_events(run), e.RunEnded)
    assert ended.state is RunState.ABORTED
    assert await is_canceled(harness, run)
    await valid_transcript(harness, ended.head)


async def test_cancel_while_paused(harness: Harness, model_server: ModelServer, name: str) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.")
    await gate.entered.wait()
    await run.pause()
    gate.left.set()
    await until_state(run, RunState.PAUSED)
    await engine_handle(harness, run).cancel()
    ended = one(await all_events(run), e.RunEnded)
    assert ended.state is RunState.ABORTED
    await valid_transcript(harness, ended.head)


async def test_cancel_before_the_first_task(
    remote: Harness, harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name)
    run = await remote.start(agent, "Are you there?")
    await engine_handle(harness, run).cancel()
    await harness.serve(agent)
    assert one(await all_events(run), e.RunEnded).state is RunState.ABORTED
    assert await is_canceled(harness, run)
    assert model_server.calls == []


async def test_terminate_is_explained(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("add", a=1, b=2), Hang())
    run = await harness.start(Agent(name, tools=[add]), "Add.")
    await model_server.called(2)
    await engine_handle(harness, run).terminate(reason="no longer needed")
    events = await all_events(run)
    ended = one(events, e.RunEnded)
    assert ended.state is RunState.FAILED
    assert ended.error is not None
    assert ended.error.code == "run.terminated"
    assert "no longer needed" in ended.error.message
    with pytest.raises(RunError, match="no longer needed") as caught:
        await run.result()
    assert caught.value.code == "run.terminated"
    (row,) = [row async for row in harness.list_runs(f"WorkflowId = '{run.id}'")]
    assert row.state is RunState.FAILED


async def test_the_engines_time_limit_is_explained(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(Hang())
    agent = Agent(name)
    await harness.serve(agent)
    stored = await store_agent(harness.connection, agent)
    spec = await pin_spec(harness.connection, stored, Request(messages=as_messages("Wait.")))
    await harness.connection.temporal.start_workflow(
        WORKFLOW,
        sign_run(await harness.connection.signing.get_signer(), f"{name}-late", spec),
        id=f"{name}-late",
        task_queue=agent.queue,
        execution_timeout=timedelta(seconds=1),
    )
    run = harness.get_run(f"{name}-late", agent)
    ended = one(await all_events(run), e.RunEnded)
    assert ended.error is not None
    assert ended.error.code == "run.timed_out"
    assert (await run.outcome()).state is RunState.FAILED


async def reset(harness: Harness, run: RunHandle[Any], task: int = 1) -> str:
    """As the Temporal page does it: back to where the task with this number ended."""
    client = harness.connection.temporal
    handle = client.get_workflow_handle(run.id)
    described = await handle.describe()
    history = await client.get_workflow_handle(run.id, run_id=described.run_id).fetch_history()
    done = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    ids = [entry.event_id for entry in history.events if entry.event_type == done]
    answer = await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=described.run_id),
            reason="look again",
            workflow_task_finish_event_id=ids[task - 1],
            request_id=str(uuid.uuid4()),
        )
    )
    return answer.run_id


async def test_a_reset_in_the_middle_shows_as_a_branch(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("add", a=1, b=2), Hang())
    run = await harness.start(Agent(name, tools=[add]), "Add.")
    seen: list[Any] = []
    stream = run.events()
    async for event in stream:
        seen.append(event)
        if isinstance(event, e.ModelCalled) and event.turn == 2:
            break
    await model_server.called(2)
    model_server.script(say("Again: three."))
    await reset(harness, run)
    seen += [event async for event in stream]
    late = await all_events(run)
    for events in (late, await run.trace()):
        branched = one(events, e.Branched)
        assert "look again" in branched.reason
        assert kinds(events).count("run_ended") == 1
        ended = events[-1]
        assert isinstance(ended, e.RunEnded)
        assert (ended.state, ended.output) == (RunState.COMPLETED, "Again: three.")
    assert (await run.outcome()).output == "Again: three."
    assert (await run.status()).state is RunState.COMPLETED
    # Cursors tell the branches apart.
    places = [str(event.cursor) for event in late if event.cursor]
    assert len(set(places)) == len(places)


async def test_a_reset_of_a_run_that_had_ended(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("First answer."), say("Second answer."))
    run = await harness.start(Agent(name), "Answer.")
    assert (await run.result()).output == "First answer."
    await reset(harness, run)
    assert (await run.result()).output == "Second answer."
    events = await all_events(run)
    assert kinds(events)[-1] == "run_ended"
    assert [end.output for end in only(events, e.RunEnded)][-1] == "Second answer."


async def test_a_reset_of_a_run_that_waits(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """Whether what it asked stands before the point that it goes back to, or after it."""
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    (asked,) = await waiting(run)
    await run.hint("Soon, please.")
    await eventually(run.status, lambda status: status.hints == 1)
    for _ in range(2):
        done = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
        history = await engine_handle(harness, run).fetch_history()
        tasks = sum(entry.event_type == done for entry in history.events)
        await reset(harness, run, tasks)
        (again,) = await waiting(run)
        assert again.id == asked.id
        events = await run.trace()
        card = card_of(events)
        assert card is not None
        assert card.state is RunState.WAITING
        assert [each.id for each in card.waiting] == [asked.id]
        open_ = [step for step in list_steps(events) if not step.end and not step.left]
        assert [step.kind for step in open_] == ["wait"]
    await run.reject()
    assert (await run.result()).output == "Sent."
