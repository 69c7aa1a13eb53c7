"""List runs from Temporal's index."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from harness.commons.log import get_logger
from harness.contracts.errors import HarnessError, InvalidValue
from harness.contracts.run import WORKFLOW, Pending, RunState
from harness.engine.connection import Connection
from harness.engine.query_text import quote_value
from harness.engine.retry import unreachable_error
from harness.runs.filter import OPEN
from harness.runs.memo import WHATIF_MEMO, RunMemos, first_line

STATES_PAGE = 200

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunNeed:
    """What a run waits for a person to decide, in brief."""

    id: str
    """Of what waits; `decide` takes it as `item`."""
    need: str
    """Why it waits, such as `approval`."""
    tool: str | None = None
    question: str
    """Its first line."""


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
    whatif: bool | None = None
    """It is a fork whose tools do not run; None otherwise, or if an earlier version started it."""
    owner: str | None = None
    """Who owns it, according to the index."""
    asked: str | None = None
    """The first line of its prompt; None if that is empty or unreadable, or an earlier version
    started the run."""
    waiting: tuple[RunNeed, ...] | None = None
    """What it waits for people to decide; None if it does not wait, or that is unreadable."""


async def list_runs(
    connection: Connection, query: str = "", limit: int | None = None
) -> AsyncIterator[RunRow]:
    """Runs that match a query in Temporal's language, newest first."""
    memos = RunMemos(connection)
    try:
        async for row in connection.temporal.list_workflows(_restrict_to_runs(query), limit=limit):
            if row.status is WorkflowExecutionStatus.CONTINUED_AS_NEW:
                continue
            if (found := _row(row.raw_info)) is not None:
                yield await _add_memo(memos, found, row.raw_info)
    except RPCError as error:
        raise _query_error(error, query) from error


async def list_page(
    connection: Connection, query: str, token: bytes, size: int
) -> tuple[list[RunRow], bytes]:
    """One page of the runs that match a query, newest first, and the token of the next page."""
    listed, following = await _fetch_page(connection, query, token, size)
    memos = RunMemos(connection)
    found = [(row, info) for info in listed if (row := _row(info)) is not None]
    rows = await asyncio.gather(*(_add_memo(memos, row, info) for row, info in found))
    return rows, following


async def list_states(connection: Connection, runs: Sequence[str]) -> dict[str, RunState]:
    """What has become of runs; those that are gone are missing."""
    ids = ", ".join(quote_value(run) for run in runs)
    states, token = dict[str, RunState](), b""
    while True:
        listed, token = await _fetch_page(connection, f"WorkflowId IN ({ids})", token, STATES_PAGE)
        for info in listed:  # newest first
            if (row := _row(info)) is not None:
                states.setdefault(row.id, row.state)
        if not token:
            return states


async def list_waiting(
    connection: Connection, query: str, token: bytes, size: int
) -> tuple[list[tuple[RunRow, list[Pending]]], bytes]:
    """One page of the runs that match a query and wait for a person, with what they ask. Needs no
    worker: runs keep that in their memo."""
    waiting = f"HarnessState = '{RunState.WAITING.value}' AND {OPEN}"
    whole = f"{waiting} AND ({query})" if query else waiting
    listed, following = await _fetch_page(connection, whole, token, size)
    memos = RunMemos(connection)
    found = list[tuple[RunRow, list[Pending]]]()
    for info in listed:
        row, pending = _row(info), await memos.read_waiting(info)
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


async def _add_memo(memos: RunMemos, row: RunRow, info: WorkflowExecutionInfo) -> RunRow:
    """Add what the index has only in the run's memo, as far as that is readable now: a list must
    not need the keys or the database."""
    asked = await memos.show(memos.read_asked, info)
    waits = row.state is RunState.WAITING
    pending = await memos.show(memos.read_waiting, info) if waits else None
    waiting = tuple(map(_brief, pending)) if pending else None
    return replace(row, asked=asked, waiting=waiting) if asked or waiting else row


def _brief(pending: Pending) -> RunNeed:
    question = first_line(pending.question)
    return RunNeed(id=pending.id, need=pending.need, tool=pending.tool, question=question)


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
        whatif=True if WHATIF_MEMO in info.memo.fields else None,
        owner=found.get("HarnessOwner"),
    )
