"""A run's executions as the engine has them, byte for byte: what is sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from harness.contracts.effect import UNDO
from harness.contracts.errors import RunNotFound, StackUnreachable
from harness.contracts.run import WORKFLOW
from harness.contracts.seal import Kind
from harness.engine.connection import Connection
from harness.engine.retry import patiently
from harness.history import live
from harness.history.reader import read_content, seals
from harness.journal.chain import Execution, continued
from harness.journal.seal import RawExecution

TYPES = f"WorkflowType IN ('{WORKFLOW}', '{UNDO}')"
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
class Walked:
    """A run from its first execution on."""

    run: str
    workflow: str
    kind: Kind
    """`part` where the run goes on, or the branch was left by a reset."""
    executions: tuple[RawExecution, ...]


async def closed(
    client: Client, which: str, after: float | None
) -> AsyncIterator[WorkflowExecution]:
    """Executions that were closed, in no order."""
    since = f" AND CloseTime >= '{_stamp(after)}'" if after is not None else ""
    try:
        async for row in client.list_workflows(f"{TYPES} AND {which}{since}", page_size=1000):
            yield row
    except RPCError as error:
        raise StackUnreachable(f"Temporal does not list runs: {error.message}") from error


def before(moment: float) -> str:
    return f"{CLOSED} AND CloseTime <= '{_stamp(moment)}'"


async def retention_s(client: Client) -> float:
    """How long the engine keeps what is closed."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    service = client.workflow_service
    found = await patiently(client.namespace, lambda: service.describe_namespace(request))
    return found.config.workflow_execution_retention_ttl.ToSeconds()


async def walk(connection: Connection, run: str, run_id: str) -> Walked | None:
    """The chain that an execution belongs to; None where nothing of it is closed."""
    entries = [each async for each in live.raw_entries(connection.temporal, run, run_id)]
    back = [each async for each in _back(connection, run, run_id, entries)]
    chain = [*back[::-1], (run_id, entries)]
    first = chain[0]
    whole = [each async for each in _forward(connection, run, *first, known=dict(chain))]
    workflow = first[1][0].workflow_execution_started_event_attributes.workflow_type.name
    if run_id not in [each[0] for each in whole]:  # a branch that was left for another one
        return _walked(run, workflow, "part", chain)
    if whole[-1][1][-1].event_type in CLOSING:
        return _walked(run, workflow, "sealed", whole)
    over = whole[:-1]
    return _walked(run, workflow, "part", over) if over else None


Entries = list[HistoryEvent]


async def _back(
    connection: Connection, run: str, run_id: str, entries: Entries
) -> AsyncIterator[tuple[str, Entries]]:
    """What came before, newest first, as far as engine or archive know it."""
    while (former := _former(run_id, entries)) is not None:
        run_id = former
        try:
            entries = [each async for each in live.raw_entries(connection.temporal, run, run_id)]
        except RunNotFound:
            entries = await _sealed(connection, run_id)
        if not entries:
            return
        yield run_id, entries


def _former(run_id: str, entries: Entries) -> str | None:
    """The execution that this one continues, or that a reset made it leave."""
    left = Execution(run_id, tuple(entries)).left_at
    if left:
        return entries[left - 1].workflow_task_failed_event_attributes.base_run_id
    return entries[0].workflow_execution_started_event_attributes.continued_execution_run_id or None


async def _sealed(connection: Connection, run_id: str) -> Entries:
    row = await seals(connection).find_by_execution(run_id)
    if row is None:
        return []
    content = await read_content(connection, row)
    raw = next(each for each in content.executions if each.run_id == run_id)
    return [HistoryEvent.FromString(each) for each in raw.events]


async def _forward(
    connection: Connection, run: str, run_id: str, entries: Entries, known: dict[str, Entries]
) -> AsyncIterator[tuple[str, Entries]]:
    client = connection.temporal
    while True:
        yield run_id, entries
        following = continued(entries[-1])
        if following is None:
            try:
                branch = await live.branch_of(client, run, run_id)
            except RunNotFound:  # forgotten: what followed is known, or nothing is
                branch = None
            following = branch[0] if branch else _after(run_id, known)
        if following is None:
            return
        run_id = following
        entries = known.get(run_id) or [
            each async for each in live.raw_entries(client, run, run_id)
        ]


def _after(run_id: str, known: dict[str, Entries]) -> str | None:
    ids = list(known)
    place = ids.index(run_id) + 1 if run_id in known else len(ids)
    return ids[place] if place < len(ids) else None


def _walked(run: str, workflow: str, kind: Kind, executions: list[tuple[str, Entries]]) -> Walked:
    raw = tuple(
        RawExecution(run_id, tuple(each.SerializeToString(deterministic=True) for each in entries))
        for run_id, entries in executions
    )
    return Walked(run, workflow, kind, raw)


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(max(0.0, moment), UTC).isoformat().replace("+00:00", "Z")
