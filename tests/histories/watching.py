"""The recorded history of an evaluation of invariants."""

from __future__ import annotations

from typing import Any

from temporalio import activity
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness import Harness
from harness.care.contracts import EVALUATE, WATCH_WORKFLOW, Evaluate, Evaluated
from harness.sdk.handle import RunHandle
from harness_workflows.care.watch import CareWatch
from tests.fakes.model_server import ModelServer


async def watched(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """The first attempt fails: the database is away for a moment."""
    del model
    attempts = list[int]()

    @activity.defn(name=EVALUATE)
    async def evaluate_invariants(request: Evaluate) -> Evaluated:
        assert request == Evaluate()
        attempts.append(1)
        if len(attempts) == 1:
            raise ConnectionError("the database is away")
        return Evaluated(states={"holds": 2, "broken": 1}, seconds=0.25)

    worker = Worker(
        harness.connection.temporal,
        task_queue=name,
        workflows=[CareWatch],
        activities=[evaluate_invariants],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        await harness.connection.temporal.execute_workflow(
            WATCH_WORKFLOW, Evaluate(), id=name, task_queue=name
        )
    return harness.get_run(name)
