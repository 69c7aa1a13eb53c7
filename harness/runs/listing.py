"""List runs from Temporal's index."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from harness.contracts.errors import InvalidValue
from harness.contracts.run import WORKFLOW, RunState
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
    ours = f"WorkflowType = '{WORKFLOW}'"
    whole = f"{ours} AND ({query})" if query.strip() else ours
    try:
        async for row in connection.temporal.list_workflows(whole, limit=limit):
            if row.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW:
                yield _row(row)
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise unreachable_error(error) from error
        raise InvalidValue(
            f"Temporal refuses the query {query!r}: {error.message}",
            fix="Write it like: HarnessState = 'waiting' AND HarnessAgent = 'calculator'",
        ) from None


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
