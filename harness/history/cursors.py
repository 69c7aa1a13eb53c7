"""Checks cursors that come from outside."""

from __future__ import annotations

import re

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest

from harness.contracts.errors import RunNotFound
from harness.contracts.event import Cursor
from harness.engine.connection import Connection
from harness.history import live, reader

FORM = re.compile(r"[0-9a-f-]{36}/[0-9]{1,9}/[0-9]{1,9}")


def parse_cursor(text: str) -> Cursor | None:
    """The cursor that a text writes; None if it is malformed."""
    return Cursor.parse(text) if FORM.fullmatch(text) else None


async def is_of_run(connection: Connection, run: str, cursor: Cursor) -> bool:
    """Whether the cursor belongs to an execution of the run."""
    client = connection.temporal
    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=run, run_id=cursor.run_id),
        maximum_page_size=1,
    )
    try:
        return bool(await live.read_page(client, request, run))
    except RunNotFound:
        pass
    try:
        sealed = await reader.read_sealed(connection, run)
    except RunNotFound:
        return False
    return any(each.run_id == cursor.run_id for each in sealed.executions)
