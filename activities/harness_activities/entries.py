"""Read from Temporal how an execution was started."""

from __future__ import annotations

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ContinueAsNewInitiator
from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.service import RPCError, RPCStatusCode

from harness.contracts.errors import PermitReused, RunNotFound
from harness.engine.connection import Connection
from harness.engine.payload_codec import decode_entry
from harness.engine.retry import unreachable_error


async def read_start_entry(
    connection: Connection, workflow: str, run_id: str
) -> WorkflowExecutionStartedEventAttributes:
    """Read the start event of an execution."""
    client = connection.temporal
    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=workflow, run_id=run_id),
        maximum_page_size=1,
    )
    try:
        page = await client.workflow_service.get_workflow_execution_history(request, retry=True)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise RunNotFound(f"Temporal has no run {workflow!r}.") from None
        raise unreachable_error(error) from error
    entry = await decode_entry(client.data_converter, page.history.events[0])
    return entry.workflow_execution_started_event_attributes


def refuse_restarts(workflow: str, entry: WorkflowExecutionStartedEventAttributes) -> None:
    """Refuse runs with a cron schedule or a retry policy: Temporal would start them repeatedly, in
    the same chain. Harness never starts such runs."""
    if entry.initiator in (
        ContinueAsNewInitiator.CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE,
        ContinueAsNewInitiator.CONTINUE_AS_NEW_INITIATOR_RETRY,
    ):
        raise PermitReused(
            f"{workflow!r} was started again by its cron schedule or retry policy.",
            fix="Start each run separately, such as by a script that a Temporal schedule runs.",
        )
