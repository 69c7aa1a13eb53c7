"""A run's recording equals the run itself, and today's code replays it."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from harness import Agent, Harness
from harness.contracts.errors import RunError
from harness.contracts.run import Budget
from harness.history.export import dump_recording, read_file
from harness.history.recording import Recording, record_run
from harness.replay.check import Outcome, check, replay_recordings
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, look, send, waiting
from tests.fakes.steps import call, calls, say


async def reset(harness: Harness, run: str) -> None:
    """Back to where its second model call had not been asked for."""
    client = harness.connection.temporal
    entries = [each async for each in client.get_workflow_handle(run).fetch_history_events()]
    tasks = [
        each.event_id
        for each in entries
        if each.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    ]
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=run),
            workflow_task_finish_event_id=tasks[1],
            request_id=uuid.uuid4().hex,
            reason="look again",
        )
    )


async def outcomes(*recordings: Recording) -> list[Outcome]:
    return [each async for each in replay_recordings(recordings)]


async def test_a_run_is_exported_read_and_replayed(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    agent = Agent(name, instructions="Be brief.", tools=[add, look, send])
    model_server.script(
        calls(("add", {"a": 1, "b": 2}), ("look", {"place": "x" * 3000})),
        call("send", to="Ada", text="hi"),
        say("done"),
    )
    run = await harness.start(agent, "go", budget=Budget(seconds=60))
    await waiting(run)
    running = await record_run(harness.connection, run.id, at=time.time())
    assert [each.ok for each in await outcomes(running)] == [True], "a run that is still open"
    await run.approve(note="fine")
    await run.result()

    recording = await record_run(harness.connection, run.id, at=time.time())
    assert recording.events == await run.trace()
    assert recording.events[: len(running.events)] == running.events
    assert not recording.missing
    assert recording.spec.budget == Budget(seconds=60, turns=100), "a limit of turns in any case"
    file = tmp_path / "run.json"
    file.write_text(dump_recording(recording), "utf-8")
    read = read_file(file)
    assert read == recording
    assert read.events == recording.events
    assert [(each.steps, each.text) for each in await outcomes(read)] == [(15, "")]
    await check(file)


async def test_a_run_that_was_reset_keeps_its_branches(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, tools=[look])
    model_server.script(call("look", place="a"), say("done"), say("done again"))
    run = await harness.start(agent, "go")
    await run.result()
    await reset(harness, run.id)
    assert (await run.result()).output == "done again"
    recording = await record_run(harness.connection, run.id, at=0)
    assert len(recording.executions) == 2
    assert recording.events == await run.trace()
    assert [each.text for each in await outcomes(recording)] == ["", ""]


async def test_a_changed_argument_is_found(
    harness: Harness,
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from harness_workflows.run import tools

    model_server.script(call("look", place="here"), say("done"))
    run = await harness.start(Agent(name, tools=[look]), "go")
    await run.result()
    file = tmp_path / "run.json"
    file.write_text(dump_recording(await record_run(harness.connection, run.id, at=0)), "utf-8")
    await check(file)

    before = tools.start_tool

    def changed(spec: object, request: object) -> object:
        return before(spec, request.model_copy(update={"turn": 7}))  # type: ignore[attr-defined]

    monkeypatch.setattr(tools, "start_tool", changed)
    with pytest.raises(RunError, match="turn") as caught:
        await check(file)
    assert caught.value.code == "run.replay_differs"
    assert '-      "turn": 1' in caught.value.message
    assert '+      "turn": 7' in caught.value.message
