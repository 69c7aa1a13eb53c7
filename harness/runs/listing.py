"""List runs from Temporal's index."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from harness.commons.log import get_logger
from harness.contracts.errors import HarnessError, InvalidValue
from harness.contracts.run import WORKFLOW, Pending, RunState
from harness.engine.connection import Connection
from harness.engine.retry import unreachable_error
from harness.runs.filter import OPEN

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run as lists show it, from Temporal's index."""

    id: str
    agent: str
    state: RunState
    model: str
    session: str | None = None
    started: float
    """Seconds since the epoch."""
    ended: float | None = None
    tokens: int | None = None
    cost_micros: int | None = None
    """Millionths of a US dollar."""
    fork_of: str | None = None
    """The run that it is a fork of."""
    owner: str | None = None
    """Who owns it, according to the index."""


async def list_runs(
    connection: Connection, query: str = "", limit: int | None = None
) -> AsyncIterator[RunRow]:
    """Runs that match a query in Temporal's language, newest first."""
    try:
        async for row in connection.temporal.list_workflows(_restrict_to_runs(query), limit=limit):
            if row.status is WorkflowExecutionStatus.CONTINUED_AS_NEW:
                continue
            if (found := _row(row.raw_info)) is not None:
                yield found
    except RPCError as error:
        raise _query_error(error, query) from error


async def list_page(
    connection: Connection, query: str, token: bytes, size: int
) -> tuple[list[RunRow], bytes]:
    """One page of the runs that match a query, newest first, and the token of the next page."""
    listed, following = await _fetch_page(connection, query, token, size)
    return [row for info in listed if (row := _row(info)) is not None], following


async def list_waiting(
    connection: Connection, query: str, token: bytes, size: int
) -> tuple[list[tuple[RunRow, list[Pending]]], bytes]:
    """One page of the runs that match a query and wait for a person, with what they ask. Needs no
    worker: runs keep that in their memo."""
    waiting = f"HarnessState = '{RunState.WAITING.value}' AND {OPEN}"
    whole = f"{waiting} AND ({query})" if query else waiting
    listed, following = await _fetch_page(connection, whole, token, size)
    found = list[tuple[RunRow, list[Pending]]]()
    for info in listed:
        row, pending = _row(info), await _read_waiting(connection, info)
        if row is not None and pending is not None:
            found.append((row, pending))
    return found, following


async def _fetch_page(
    connection: Connection, query: str, token: bytes, size: int
) -> tuple[list[WorkflowExecutionInfo], bytes]:
    if "\0" in query:  # SQLite, below Temporal, would read the query up to here
        raise InvalidValue("A condition on runs has the character NUL.", fix="Leave it out.")
    client = connection.temporal
    # Not client.list_workflows, which decodes all attributes of each row twice: a page of 50 took
    # four times as long.
    request = ListWorkflowExecutionsRequest(
        namespace=client.namespace,
        page_size=size,
        next_page_token=token,
        query=_restrict_to_runs(query),
    )
    try:
        page = await client.workflow_service.list_workflow_executions(request, retry=True)
    except RPCError as error:
        raise _query_error(error, query) from error
    continued = WorkflowExecutionStatus.CONTINUED_AS_NEW
    return [info for info in page.executions if info.status != continued], page.next_page_token


async def _read_waiting(
    connection: Connection, info: WorkflowExecutionInfo
) -> list[Pending] | None:
    """Read what a run asks; None if that is unreadable. Anyone who reaches Temporal can start a
    workflow with any memo, which must not hide what other runs ask."""
    fields = info.memo.fields
    if "waiting" not in fields:
        return []
    converter = connection.temporal.data_converter
    try:
        return (await converter.decode([fields["waiting"]], [list[Pending]]))[0]
    except Exception as error:
        if isinstance(error, HarnessError) and error.retryable:
            raise
        log.warning("what a run asks is unreadable", run=info.execution.workflow_id)
        return None


def _restrict_to_runs(query: str) -> str:
    ours = f"WorkflowType = '{WORKFLOW}'"
    return f"{ours} AND ({query})" if query.strip() else ours


def _query_error(error: RPCError, query: str) -> HarnessError:
    if error.status is not RPCStatusCode.INVALID_ARGUMENT:
        return unreachable_error(error)
    return InvalidValue(
        f"Temporal refuses the query {query!r}: {error.message}",
        fix="Write it like: HarnessState = 'waiting' AND HarnessAgent = 'calculator'",
    )


ATTRIBUTES: dict[str, type] = {
    "HarnessAgent": str, "HarnessState": str, "HarnessModel": str, "HarnessSession": str,
    "HarnessTokens": int, "HarnessCostMicros": int, "HarnessForkOf": str, "HarnessOwner": str,
}  # fmt: skip
ENDED: dict[WorkflowExecutionStatus, RunState] = {
    WorkflowExecutionStatus.CANCELED: RunState.ABORTED,
    WorkflowExecutionStatus.FAILED: RunState.FAILED,
    WorkflowExecutionStatus.TERMINATED: RunState.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: RunState.FAILED,
}


def _row(info: WorkflowExecutionInfo) -> RunRow | None:
    """The row of a run; None if its attributes are not what a run writes: it was planted."""
    try:
        return _read_row(info)
    except ValueError:
        log.warning("a row of the index is unreadable", run=info.execution.workflow_id)
        return None


def _read_row(info: WorkflowExecutionInfo) -> RunRow:
    fields = info.search_attributes.indexed_fields
    found = dict[str, Any]()
    for name, kind in ATTRIBUTES.items():
        value = json.loads(fields[name].data) if name in fields else None
        if value is not None and not isinstance(value, kind):
            raise ValueError(name)
        found[name] = value
    ended = ENDED.get(WorkflowExecutionStatus(info.status)) if info.status else None
    return RunRow(
        id=info.execution.workflow_id,
        agent=found.get("HarnessAgent") or "",
        state=ended or RunState(found.get("HarnessState") or "pending"),
        model=found.get("HarnessModel") or "",
        session=found.get("HarnessSession"),
        started=info.start_time.ToNanoseconds() / 1e9,
        ended=info.close_time.ToNanoseconds() / 1e9 if info.HasField("close_time") else None,
        tokens=found.get("HarnessTokens"),
        cost_micros=found.get("HarnessCostMicros"),
        fork_of=found.get("HarnessForkOf"),
        owner=found.get("HarnessOwner"),
    )
