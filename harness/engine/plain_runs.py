"""Find open runs from before `encryption.key` was set, which workers with the key refuse."""

from __future__ import annotations

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from harness.contracts.run import WORKFLOW
from harness.engine.payload_codec import REFERENCE
from harness.journal.payloads import ENCRYPTED

LOOKED_AT = 200
"""Number of the newest open runs to check: each costs a request."""
EVENTS = 20
"""Number of events to read: the first activity is among them."""


async def open_plain_runs(client: Client) -> list[str]:
    """List the ids of open runs whose activities Temporal stores as plain text."""
    query = f"ExecutionStatus = 'Running' AND WorkflowType = '{WORKFLOW}'"
    return [
        row.id
        async for row in client.list_workflows(query, limit=LOOKED_AT)
        if await _is_plain(client, row.id, row.run_id)
    ]


async def _is_plain(client: Client, run: str, run_id: str) -> bool:
    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=run, run_id=run_id),
        maximum_page_size=EVENTS,
    )
    try:
        page = await client.workflow_service.get_workflow_execution_history(request)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:  # deleted a moment ago
            return False
        raise
    return any(
        _is_readable(payload)
        for event in page.history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        for payload in event.activity_task_scheduled_event_attributes.input.payloads
    )


def _is_readable(payload: Payload) -> bool:
    encrypted = payload.metadata.get("encoding") == ENCRYPTED.encode()
    return not encrypted and REFERENCE not in payload.SerializeToString()
