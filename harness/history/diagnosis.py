"""Explains why a run is stuck although a worker serves it: its workflow task keeps failing.

Temporal retries such a task forever, so that a worker with a fix can resume the run. The run's
events do not show it, because Temporal reuses the numbers of these entries.
"""

from __future__ import annotations

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryReverseRequest,
)
from temporalio.client import Client

from harness.engine.payload_codec import decode_entry
from harness.engine.retry import ask_patiently
from harness.history import live


async def diagnose_stuck_run(
    client: Client, run: str, described: DescribeWorkflowExecutionResponse | None = None
) -> str | None:
    """Describe the failing workflow task; None if it does not fail. `described` saves asking
    Temporal again."""
    described = described or await live.describe_execution(client, run)
    service = client.workflow_service
    execution = WorkflowExecution(workflow_id=run)
    attempts = described.pending_workflow_task.attempt
    if attempts < 2:
        return None
    newest = await ask_patiently(
        run,
        lambda: service.get_workflow_execution_history_reverse(
            GetWorkflowExecutionHistoryReverseRequest(
                namespace=client.namespace, execution=execution, maximum_page_size=20
            )
        ),
    )
    failures = (
        entry
        for entry in newest.history.events
        if entry.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    )
    found = next(failures, None)
    if found is None:  # it timed out, or its worker died
        return None
    entry = await decode_entry(client.data_converter, found)
    why = entry.workflow_task_failed_event_attributes.failure.message
    return (
        f"its workflow task keeps failing (attempt {attempts}): {why}. Start a worker with a fix "
        "to resume it, or end it with `temporal workflow terminate`."
    )
