"""The recorded histories of evaluations."""

from __future__ import annotations

from typing import Any

from temporalio import activity
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness import Harness
from harness.contracts.tool import Workspace
from harness.evals.contracts import (
    WORKFLOW,
    CheckItem,
    CodeChecked,
    EvalEnd,
    EvalItem,
    EvalStart,
    ItemStarted,
)
from harness.sdk.handle import RunHandle
from harness_workflows.evals import EvalRun
from tests.fakes.model_server import ModelServer


async def evaluated(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """Two runs at a time, checks in Python, an item that has a result already; then the budget is
    spent."""
    del model

    @activity.defn(name="run_eval_item")
    async def run_item(item: EvalItem) -> ItemStarted:
        if item.number == 1:
            return ItemStarted()
        return ItemStarted(over_budget=True) if item.number > 3 else ItemStarted(run="a-run")

    return await _play(harness, name, run_item, items=6, concurrency=2, code=name)


async def eval_in_copies(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """Each run works in a copy of a folder."""
    del model

    @activity.defn(name="run_eval_item")
    async def run_item(item: EvalItem) -> ItemStarted:
        assert item.workspace is not None
        return ItemStarted(run="a-run")

    return await _play(harness, name, run_item, items=3, concurrency=2, code=name, copies=True)


async def stopped_eval(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """It is stopped in the middle, and then at once."""
    del model
    handle: Any = harness.connection.temporal.get_workflow_handle(name)

    @activity.defn(name="run_eval_item")
    async def run_item(item: EvalItem) -> ItemStarted:
        if item.number == 1:
            await handle.signal("stop")
            await handle.signal("stop")
            while True:
                activity.heartbeat()
                await activity.wait_for_cancelled()
        return ItemStarted(run="a-run")

    return await _play(harness, name, run_item, items=6, concurrency=1)


async def _play(harness: Harness, name: str, run_item: Any, **fields: Any) -> RunHandle[Any]:
    @activity.defn(name="check_eval_item")
    async def check_item(request: CheckItem) -> EvalItem:
        return request.item

    @activity.defn(name="check_eval_code")
    async def check_code(request: CheckItem) -> CodeChecked:
        assert request.run
        return CodeChecked()

    @activity.defn(name="copy_eval_workspace")
    async def copy_workspace(item: EvalItem) -> EvalItem:
        workspace = Workspace(host="a-host", root=f"/copies/{item.number}")
        return item.model_copy(update={"workspace": workspace})

    @activity.defn(name="close_eval")
    async def close_eval(end: EvalEnd) -> EvalEnd:
        return end

    client = harness.connection.temporal
    worker = Worker(
        client,
        task_queue=name,
        workflows=[EvalRun],
        activities=[run_item, check_item, check_code, copy_workspace, close_eval],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        request = EvalStart(eval="eval-k7m2p9qrst", **fields)
        handle: Any = await client.start_workflow(WORKFLOW, request, id=name, task_queue=name)
        await handle.result()
    return harness.get_run(name)
