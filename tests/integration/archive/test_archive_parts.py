"""Runs that were reset, or that go on for longer than the engine keeps their older histories."""

from __future__ import annotations

import signal
import uuid
from functools import partial

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import (
    DeleteWorkflowExecutionRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from harness import Agent, Harness
from harness.archive import sweep
from harness.archive.verify import verify_run
from harness.contracts.errors import RunError
from harness.contracts.event import Branched, RunStarted
from harness.history.reader import open_seals
from harness.history.recording import read_history
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, all_events, eventually, look, only, send, waiting
from tests.fakes.steps import call, say


async def reset(harness: Harness, run: str) -> None:
    """Back to where its second model call had not been asked for."""
    client = harness.connection.temporal
    entries = [each async for each in client.get_workflow_handle(run).fetch_history_events()]
    done = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    tasks = [each.event_id for each in entries if each.event_type == done]
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=run),
            workflow_task_finish_event_id=tasks[1],
            request_id=uuid.uuid4().hex,
            reason="look again",
        )
    )


async def delete(harness: Harness, run: str, run_id: str) -> None:
    client = harness.connection.temporal
    execution = WorkflowExecution(workflow_id=run, run_id=run_id)
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
    )


async def gone(harness: Harness, run: str, run_id: str) -> bool:
    try:
        await harness.connection.temporal.get_workflow_handle(run, run_id=run_id).describe()
    except RPCError:
        return True
    return False


async def test_a_run_that_was_reset_is_sealed_again(
    harness: Harness, later: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("look", place="a"), say("Done."), say("Done again."))
    run = await harness.start(Agent(name, tools=[look]), "Look.", id=name)
    await run.result()
    first = await sweep.seal_run(harness.connection, run.id)
    await reset(harness, run.id)
    assert (await run.result()).output == "Done again."
    second = await sweep.seal_run(harness.connection, run.id)
    assert second.seq > first.seq
    assert second.run_ids[0] == first.run_ids[0]
    assert len(second.run_ids) == 2
    events = await later.get_run(run.id).trace()
    assert events == await run.trace()
    assert only(events, Branched)
    newest = await verify_run(later.connection, run.id)
    former = await verify_run(later.connection, run.id, first.hash)
    assert (newest.token, newest.problems) == (second.hash, ())
    assert (former.token, former.problems) == (first.hash, ())


async def test_a_run_that_goes_on_is_not_sealed_yet(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.", id=name)
    await gate.entered.wait()
    with pytest.raises(RunError, match="still running"):
        await sweep.seal_run(harness.connection, run.id)
    gate.left.set()
    await run.result()
    assert (await sweep.seal_run(harness.connection, run.id)).run == run.id


@pytest.mark.slow
async def test_older_histories_of_a_run_that_goes_on_are_read_from_the_archive(
    later: Harness,
    harness: Harness,
    model_server: ModelServer,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The engine really deletes: that takes it half a minute."""
    signal.alarm(150)
    connection, gate = later.connection, Gate()
    model_server.script(call("look", place="a"), say("Done."))
    short = await later.start(Agent(f"{name}-short", tools=[look]), "Look.", id=f"{name}-short")
    await short.result()
    model_server.script(call("hold", what="it"), call("send", to="ann", text="hi"), say("Sent."))
    run = await later.start(Agent(name, tools=[gate.tool, send]), "Hold, send.", id=name)
    await gate.entered.wait()
    client = await Client.connect(connection.endpoints.temporal_address)
    for _ in range(4):  # the engine suggests a fresh history at 4 MB
        await client.get_workflow_handle(run.id).signal("nothing", "x" * 1_500_000)
    gate.left.set()
    await waiting(run)
    older, newest = (await read_history(connection, run.id)).executions

    async def over(_: Client) -> float:
        return 0.0

    monkeypatch.setattr(sweep, "retention_s", over)  # all that is closed is past half of it

    async def parts() -> list[str]:
        await sweep.seal_ended(connection)
        return [r.kind for r in await open_seals(connection).seals_of_run(run.id, "default")]

    assert await eventually(parts) == ["part"]
    trace, result = await short.trace(), await short.outcome()
    going = await run.trace()
    cursor = trace[0].cursor
    assert cursor is not None
    forgotten = [(run.id, older.run_id), (short.id, cursor.run_id)]
    for id, run_id in forgotten:
        await delete(later, id, run_id)
    for id, run_id in forgotten:
        await eventually(partial(gone, later, id, run_id), seconds=50)

    assert (await short.trace(), await short.outcome()) == (trace, result)
    assert await run.trace() == going
    assert [each.continued for each in only(going, RunStarted)] == [None, True]
    await run.approve()
    assert (await run.result()).output == "Sent."
    before = await run.trace()
    assert [each for each in await all_events(run) if each.cursor] == before
    row = await sweep.seal_run(connection, run.id)
    assert row.run_ids == (older.run_id, newest.run_id), "what is forgotten comes from the part"
    assert await harness.get_run(run.id).trace() == before
    assert (await verify_run(harness.connection, run.id)).problems == ()
