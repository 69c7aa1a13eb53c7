"""Reads a run's executions from Temporal byte for byte, to seal them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from harness.capabilities.registry import known_capabilities
from harness.contracts.effect import UNDO
from harness.contracts.errors import RunNotFound, StackUnreachable
from harness.contracts.run import WORKFLOW
from harness.contracts.seal import Kind
from harness.engine.connection import Connection
from harness.engine.query_text import quote_value
from harness.engine.retry import ask_patiently
from harness.history import live
from harness.history.reader import open_seals, read_content
from harness.journal.chain import Execution, next_execution
from harness.journal.seal import RawExecution

ENDED = "ExecutionStatus IN ('Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut')"
CLOSED = "ExecutionStatus != 'Running'"
CLOSING = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
}


@dataclass(frozen=True)
class ExecutionChain:
    """The executions of a run, the first one first."""

    run: str
    workflow: str
    kind: Kind
    """`part` if the run continues, or if a reset left this branch."""
    executions: tuple[RawExecution, ...]


def sealed_types() -> tuple[str, ...]:
    """The types of workflows whose histories are sealed: runs, undos, and those that capabilities
    name."""
    named = (kind for each in known_capabilities() for kind in each.sealed)
    return tuple(dict.fromkeys((WORKFLOW, UNDO, *named)))


def of_sealed_types() -> str:
    """The condition, for Temporal, that a workflow is of one of these types."""
    return f"WorkflowType IN ({', '.join(map(quote_value, sealed_types()))})"


async def list_closed(
    client: Client, which: str, after: float | None
) -> AsyncIterator[WorkflowExecution]:
    """List closed executions, in no particular order."""
    since = f" AND CloseTime >= '{_format_time(after)}'" if after is not None else ""
    try:
        async for row in client.list_workflows(
            f"{of_sealed_types()} AND {which}{since}", page_size=1000
        ):
            yield row
    except RPCError as error:
        raise StackUnreachable(f"Temporal cannot list runs: {error.message}") from error


def closed_before(moment: float) -> str:
    return f"{CLOSED} AND CloseTime <= '{_format_time(moment)}'"


async def retention_s(client: Client) -> float:
    """How long Temporal keeps closed executions."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    service = client.workflow_service
    found = await ask_patiently(client.namespace, lambda: service.describe_namespace(request))
    return found.config.workflow_execution_retention_ttl.ToSeconds()


async def read_chain(connection: Connection, run: str, run_id: str) -> ExecutionChain | None:
    """Read the chain that an execution belongs to; None if no part of it is closed."""
    entries = [each async for each in live.read_raw_entries(connection.temporal, run, run_id)]
    back = [each async for each in _read_earlier(connection, run, run_id, entries)]
    chain = [*back[::-1], (run_id, entries)]
    first = chain[0]
    whole = [each async for each in _read_onward(connection, run, *first, known=dict(chain))]
    workflow = first[1][0].workflow_execution_started_event_attributes.workflow_type.name
    if run_id not in [each[0] for each in whole]:  # a reset left this branch
        return _serialize_chain(run, workflow, "part", chain)
    if whole[-1][1][-1].event_type in CLOSING:
        return _serialize_chain(run, workflow, "sealed", whole)
    over = whole[:-1]
    return _serialize_chain(run, workflow, "part", over) if over else None


Entries = list[HistoryEvent]


async def _read_earlier(
    connection: Connection, run: str, run_id: str, entries: Entries
) -> AsyncIterator[tuple[str, Entries]]:
    """Read earlier executions, newest first, as far as Temporal or the archive has them."""
    while (former := _find_previous(run_id, entries)) is not None:
        run_id = former
        try:
            entries = [
                each async for each in live.read_raw_entries(connection.temporal, run, run_id)
            ]
        except RunNotFound:
            entries = await _read_sealed_entries(connection, run_id)
        if not entries:
            return
        yield run_id, entries


def _find_previous(run_id: str, entries: Entries) -> str | None:
    """The execution that this one continues, or that it was reset from."""
    left = Execution(run_id, tuple(entries)).left_at
    if left:
        return entries[left - 1].workflow_task_failed_event_attributes.base_run_id
    return entries[0].workflow_execution_started_event_attributes.continued_execution_run_id or None


async def _read_sealed_entries(connection: Connection, run_id: str) -> Entries:
    row = await open_seals(connection).find_by_execution(run_id)
    if row is None:
        return []
    content = await read_content(connection, row)
    raw = next(each for each in content.executions if each.run_id == run_id)
    return [HistoryEvent.FromString(each) for each in raw.events]


async def _read_onward(
    connection: Connection, run: str, run_id: str, entries: Entries, known: dict[str, Entries]
) -> AsyncIterator[tuple[str, Entries]]:
    client = connection.temporal
    while True:
        yield run_id, entries
        following = next_execution(entries[-1])
        if following is None:
            try:
                branch = await live.branch_of(client, run, run_id)
            except RunNotFound:  # Temporal has deleted it
                branch = None
            following = branch[0] if branch else _find_following(run_id, known)
        if following is None:
            return
        run_id = following
        entries = known.get(run_id) or [
            each async for each in live.read_raw_entries(client, run, run_id)
        ]


def _find_following(run_id: str, known: dict[str, Entries]) -> str | None:
    ids = list(known)
    place = ids.index(run_id) + 1 if run_id in known else len(ids)
    return ids[place] if place < len(ids) else None


def _serialize_chain(
    run: str, workflow: str, kind: Kind, executions: list[tuple[str, Entries]]
) -> ExecutionChain:
    raw = tuple(
        RawExecution(run_id, tuple(each.SerializeToString(deterministic=True) for each in entries))
        for run_id, entries in executions
    )
    return ExecutionChain(run, workflow, kind, raw)


def _format_time(moment: float) -> str:
    return datetime.fromtimestamp(max(0.0, moment), UTC).isoformat().replace("+00:00", "Z")
