"""The recorded history of an act."""

from __future__ import annotations

from typing import Any

from temporalio import activity
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness import Harness
from harness.care.contracts import ACT_WORKFLOW, CareAct
from harness.sdk.handle import RunHandle
from harness_workflows.care.act import CareActs
from tests.fakes.model_server import ModelServer


async def act_recorded(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """Somebody adds an invariant."""
    del model

    @activity.defn(name="save_care_act")
    async def save_care_act(request: CareAct) -> CareAct:
        return request

    act = CareAct(
        id="a1", kind="invariant_added", subject="shop", name="errors", by="ann",
        why="rate(errors[1m]) < 1", digest="0" * 64, at=1.0,
    )  # fmt: skip
    temporal = harness.connection.temporal
    worker = Worker(
        temporal, task_queue=name, workflows=[CareActs], activities=[save_care_act],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )  # fmt: skip
    async with worker:
        await temporal.execute_workflow(ACT_WORKFLOW, act, id=name, task_queue=name)
    return harness.get_run(name)
