"""A run that stands still says why."""

from __future__ import annotations

from harness import Agent, Harness
from harness.cli.runs.idle import why_idle
from harness.contracts.run import WORKFLOW
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import hang


async def test_a_workflow_task_that_fails_again_and_again_is_named(
    harness: Harness, name: str
) -> None:
    agent = Agent(name)
    await harness.serve(agent)
    await harness.connection.temporal.start_workflow(
        WORKFLOW, {"agent": 3}, id=name, task_queue=agent.queue
    )
    said = await eventually(harness.get_run(name).trouble, bool)
    assert said is not None
    assert "workflow task keeps failing" in said
    assert "Failed decoding arguments" in said
    idle = await why_idle(harness.get_run(name), "No worker answers now.")
    assert idle
    assert idle.startswith("It is stuck: its workflow task keeps failing")
    await harness.connection.temporal.get_workflow_handle(name).terminate()


async def test_a_run_that_goes_on_is_in_no_trouble(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(hang())
    run = await harness.start(Agent(name), "Wait.")
    await model_server.called(1)
    assert await run.trouble() is None
    assert await why_idle(run, "No worker answers now.") is None
    await run.abort()


async def test_a_run_without_a_worker_is_only_unserved(remote: Harness, name: str) -> None:
    run = await remote.start(Agent(name), "Wait.")
    assert await why_idle(run, "No worker answers now.") == "No worker answers now."
    await remote.connection.temporal.get_workflow_handle(run.id).terminate()
