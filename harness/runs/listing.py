"""List runs from Temporal's index."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from harness.contracts.errors import HarnessError, InvalidValue
from harness.contracts.run import WORKFLOW, Pending, RunState
from harness.engine.connection import Connection
from harness.engine.retry import unreachable_error


@dataclass(frozen=True)
class RunRow:
    """A run as lists show it, from Temporal's index."""

    id: str
    agent: str
    state: RunState
    model: str
    session: str | None
    started: float
    """Seconds since the epoch."""
    ended: float | None
    tokens: int | None
    cost_micros: int | None
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
            if row.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW:
                yield _row(row)
    except RPCError as error:
        raise _query_error(error, query) from error


async def list_page(
    connection: Connection, query: str, token: bytes, size: int
) -> tuple[list[RunRow], bytes]:
    """One page of the runs that match a query, newest first, and the token of the next page."""
    listed, following = await _fetch_page(connection, query, token, size)
    return [_row(row) for row in listed], following


async def list_waiting(
    connection: Connection, query: str, token: bytes, size: int
) -> tuple[list[tuple[RunRow, list[Pending]]], bytes]:
    """One page of the runs that match a query and wait for a person, with what they ask. Needs no
    worker: runs keep that in their memo."""
    waiting = f"HarnessState = '{RunState.WAITING.value}' AND ExecutionStatus = 'Running'"
    whole = f"{waiting} AND ({query})" if query else waiting
    listed, following = await _fetch_page(connection, whole, token, size)
    found = [
        (_row(row), await row.memo_value("waiting", None, type_hint=list[Pending]) or [])
        for row in listed
    ]
    return found, following


async def _fetch_page(
    connection: Connection, query: str, token: bytes, size: int
) -> tuple[list[WorkflowExecution], bytes]:
    found = connection.temporal.list_workflows(
        _restrict_to_runs(query), page_size=size, next_page_token=token or None
    )
    try:
        await found.fetch_next_page()
    except RPCError as error:
        raise _query_error(error, query) from error
    listed = [
        row
        for row in found.current_page or ()
        if row.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW
    ]
    return listed, found.next_page_token or b""


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


ENDED: dict[WorkflowExecutionStatus, RunState] = {
    WorkflowExecutionStatus.CANCELED: RunState.ABORTED,
    WorkflowExecutionStatus.FAILED: RunState.FAILED,
    WorkflowExecutionStatus.TERMINATED: RunState.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: RunState.FAILED,
}


def _row(row: Any) -> RunRow:
    found = {pair.key.name: pair.value for pair in row.typed_search_attributes}
    state = ENDED.get(row.status) or RunState(found.get("HarnessState", "pending"))
    return RunRow(
        id=row.id,
        agent=found.get("HarnessAgent", ""),
        state=state,
        model=found.get("HarnessModel", ""),
        session=found.get("HarnessSession"),
        started=row.start_time.timestamp(),
        ended=row.close_time.timestamp() if row.close_time else None,
        tokens=found.get("HarnessTokens"),
        cost_micros=found.get("HarnessCostMicros"),
        fork_of=found.get("HarnessForkOf"),
        owner=found.get("HarnessOwner"),
    )
