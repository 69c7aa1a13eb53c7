"""The recorded history of a webhook's delivery."""

from __future__ import annotations

from collections import deque
from typing import Any

from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness import Harness
from harness.sdk.handle import RunHandle
from harness.webhooks.contracts import WORKFLOW as DELIVER
from harness.webhooks.contracts import Delivered, DeliverRun
from harness_workflows.webhooks import DeliverWebhook
from tests.fakes.model_server import ModelServer


async def delivered(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """The run is quiet in between, and its worker wakes the delivery; then the receiver fails."""
    del model
    results = deque([Delivered(quiet=True, sent=1), Delivered(sent=2), None, Delivered(over=True)])

    @activity.defn(name="deliver_events")
    async def deliver_events(request: DeliverRun) -> Delivered:
        result = results.popleft()
        if result is None:
            await client.get_workflow_handle(name).signal("retry")
            raise ApplicationError(f"nobody takes {request.run}")
        return result

    client = harness.connection.temporal
    worker = Worker(
        client,
        task_queue=name,
        workflows=[DeliverWebhook],
        activities=[deliver_events],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    request = DeliverRun(subscription="wh_0123456789abcdef01234567", run="a-run")
    async with worker:
        handle: Any = await client.start_workflow(DELIVER, request, id=name, task_queue=name)
        async for event in handle.fetch_history_events(wait_new_event=True):
            if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED:
                await handle.signal("wake")
        await handle.result()
    return harness.get_run(name)
