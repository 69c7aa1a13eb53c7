"""Removes a conversation for good, when its content is forgotten."""

from __future__ import annotations

import json

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    DeleteWorkflowExecutionRequest,
    TerminateWorkflowExecutionRequest,
)
from temporalio.service import RPCError, RPCStatusCode

from harness.contracts.errors import RunForged, RunUnsigned, StoreError
from harness.conversations.contracts import session_workflow
from harness.conversations.projection import open_rows
from harness.conversations.session_client import read_card
from harness.engine.connection import Connection
from harness.engine.retry import unreachable_error


async def has_conversation(connection: Connection, id: str) -> bool:
    """Whether rows or a session of it exist."""
    return await open_rows(connection).exists(id) or await _has_session(connection, id)


async def end_session(connection: Connection, id: str) -> None:
    """Stop the inbox, so that no more runs start. What waits in it is not answered."""
    client = connection.temporal
    # Not by a handle, which encrypts the details of a termination: the key may be destroyed.
    request = TerminateWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=session_workflow(id)),
        reason="forgotten",
    )
    try:
        await client.workflow_service.terminate_workflow_execution(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise unreachable_error(error) from error


async def delete_conversation(connection: Connection, id: str) -> None:
    """Delete its rows, what it was imported with, and the histories of its session."""
    await _delete_base(connection, id)
    await open_rows(connection).delete(id)
    client, workflow = connection.temporal, session_workflow(id)
    found = client.list_workflows(f"WorkflowId = {json.dumps(workflow)}")
    for run_id in [row.run_id async for row in found]:
        request = DeleteWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow, run_id=run_id),
        )
        try:
            await client.workflow_service.delete_workflow_execution(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise unreachable_error(error) from error


async def _delete_base(connection: Connection, id: str) -> None:
    """The first node belongs to this conversation alone: it is salted."""
    try:
        card = await read_card(connection, id)
    except StoreError:
        return  # its key is destroyed, and with it the node
    except (RunForged, RunUnsigned):
        return  # the node may belong to another conversation
    if card is not None and card.base is not None:
        query = "DELETE FROM harness.node WHERE id = %s"
        await connection.database.fetch(query, (card.base,))


async def _has_session(connection: Connection, id: str) -> bool:
    try:
        await connection.temporal.get_workflow_handle(session_workflow(id)).describe()
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
            return False
        raise unreachable_error(error) from error
    return True
