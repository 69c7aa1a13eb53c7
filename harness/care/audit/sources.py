"""Read the histories that entries come from: from Temporal while it has them, then from the
archive, whose seals are checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.service import RPCError

from harness.archive.verify import verify_run
from harness.care.audit.store import AuditStore
from harness.care.audit.views import Proof
from harness.care.contracts import (
    ACT_WORKFLOW,
    TICKET_WORKFLOW,
    CareAct,
    SaveMove,
    TicketSpec,
    Work,
)
from harness.contracts.effect import undo_id, undone_run
from harness.contracts.errors import HarnessError, RunNotFound
from harness.contracts.event import DurableEvent
from harness.engine.connection import Connection
from harness.engine.query_text import quote_value
from harness.engine.retry import unreachable_error
from harness.engine.signed_start import PERMIT_MEMO, digest_input
from harness.history import live
from harness.history.reader import decode_execution, open_seals, read_content, read_events
from harness.journal import Execution, project_chain
from harness.journal.payloads import read_value
from harness.store.permits import Start, is_start_signed
from harness.store.seals import SealRow

UNSIGNED = "nothing shows that harness started it"


@dataclass(frozen=True)
class Source:
    """A history, and whether its seal holds."""

    proof: Proof
    executions: tuple[Execution, ...] = ()
    events: tuple[DurableEvent, ...] = ()
    """Of a run."""


@dataclass
class Sources:
    """Reads each history once."""

    connection: Connection
    prefix: str
    """How the ids of care's own workflows begin."""
    _read: dict[tuple[str, str | None], Source] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """How many histories were read."""
        return len(self._read)

    async def find(self, workflow: str, execution: str | None) -> Source:
        """Read a history."""
        key = (workflow, execution)
        if key not in self._read:
            self._read[key] = await self._load(workflow, execution)
        return self._read[key]

    def forget(self, workflow: str, execution: str | None) -> None:
        """Read a history again when it is asked for next."""
        self._read.pop((workflow, execution), None)

    async def _load(self, workflow: str, execution: str | None) -> Source:
        try:
            row = await self._find_seal(workflow, execution)
            if row is None:
                return await self._load_live(workflow, execution)
            return await self._load_sealed(workflow, row)
        except RunNotFound:
            return Source(Proof(state="missing", what=f"there is no history {workflow}"))
        except HarnessError as error:
            if error.retryable:
                raise
            return Source(Proof(state="broken", what=error.message))

    async def _find_seal(self, workflow: str, execution: str | None) -> SealRow | None:
        whole = await self._list_seals(workflow)
        return next((row for row in whole if execution in (None, *row.run_ids)), None)

    async def _list_seals(self, workflow: str) -> list[SealRow]:
        """The seals of whole histories of a workflow, the newest first."""
        namespace = self.connection.endpoints.namespace
        rows = await open_seals(self.connection).seals_of_run(workflow, namespace)
        return [row for row in rows if row.kind != "part"]

    async def list_undos(self, run: str) -> list[Source]:
        """Read all undos of a run; a dry run is one too."""
        workflow = undo_id(run)
        seals = await self._list_seals(workflow)
        sealed = {id for row in seals for id in row.run_ids}
        live_ones = [id for id in await self._list_live(workflow) if id not in sealed]
        ids = (*live_ones, *(row.run_ids[-1] for row in seals))
        return [await self.find(workflow, id) for id in ids]

    async def _list_live(self, workflow: str) -> set[str]:
        """The executions of a workflow that Temporal has."""
        client = self.connection.temporal
        try:
            newest = await live.newest_execution(client, workflow)
        except RunNotFound:
            return set()
        which = f"WorkflowId = {quote_value(workflow)}"
        try:  # it takes a moment until it lists the newest one
            earlier = [each.run_id async for each in client.list_workflows(which)]
        except RPCError as error:
            raise unreachable_error(error) from error
        return {newest, *earlier}

    async def _load_sealed(self, workflow: str, row: SealRow) -> Source:
        found = await verify_run(self.connection, workflow, row.hash)
        if found.problems:
            what = found.problems[0].what
            return Source(Proof(state="broken", what=what, token=row.hash))
        if found.gone is not None:
            return Source(Proof(state="deleted", what=f"it was {found.gone}", token=row.hash))
        content = await read_content(self.connection, row)
        executions = tuple(
            [await decode_execution(self.connection, each) for each in content.executions]
        )
        proof = Proof(state="sealed", token=row.hash)
        return await self._describe(workflow, proof, executions)

    async def _load_live(self, workflow: str, execution: str | None) -> Source:
        client, proof = self.connection.temporal, Proof(state="unsealed")
        if not workflow.startswith(self.prefix) and not _is_undo(workflow):
            events = [e async for e in read_events(self.connection, workflow, wait=False)]
            return Source(proof, events=tuple(events))
        found = execution or await live.newest_execution(client, workflow)
        entries = [e async for e in live.read_entries(client, workflow, found, wait=False)]
        return await self._describe(workflow, proof, (Execution(found, tuple(entries)),))

    async def _describe(
        self, workflow: str, proof: Proof, executions: tuple[Execution, ...]
    ) -> Source:
        if _is_undo(workflow):
            return Source(proof, executions)
        if not workflow.startswith(self.prefix):
            return Source(proof, events=tuple(project_chain(workflow, executions)))
        if not await self._is_signed(workflow, executions[0].entries[0]):
            return Source(proof.model_copy(update={"state": "broken", "what": UNSIGNED}))
        return Source(proof, executions)

    async def _is_signed(self, workflow: str, entry: HistoryEvent) -> bool:
        """Whether somebody with the signing key started the workflow with this input."""
        started = entry.workflow_execution_started_event_attributes
        memo = started.memo.fields
        permit = read_value(memo[PERMIT_MEMO]) if PERMIT_MEMO in memo else None
        start = Start(
            workflow, started.workflow_type.name, started.task_queue.name,
            digest_input(started.input.payloads),
        )  # fmt: skip
        signer = await self.connection.signing.get_signer()
        return isinstance(permit, str) and is_start_signed(signer, permit, start)

    async def list_own(self, since: float) -> AsyncIterator[tuple[str, str]]:
        """List care's own workflows with their executions, as Temporal and the archive have
        them."""
        kinds = f"WorkflowType IN ('{TICKET_WORKFLOW}', '{ACT_WORKFLOW}')"
        query = f"{kinds} AND WorkflowId STARTS_WITH {quote_value(self.prefix)}"
        seen = set[tuple[str, str]]()
        try:
            async for each in self.connection.temporal.list_workflows(query, page_size=500):
                closed = each.close_time
                if each.run_id and (closed is None or closed.timestamp() >= since):
                    seen.add((each.id, each.run_id))
                    yield each.id, each.run_id
        except RPCError as error:
            raise unreachable_error(error) from error
        store, namespace = AuditStore(self.connection.database), self.connection.endpoints.namespace
        for found in await store.list_sealed(self.prefix, namespace, since):
            if found not in seen:
                yield found


def _is_undo(workflow: str) -> bool:
    return undone_run(workflow) != workflow


# --- what is in histories


@dataclass(frozen=True)
class Activity:
    """An activity that a history has, with its input."""

    name: str
    request: bytes
    result: bytes | None = None
    """None: it has not completed."""


def list_activities(executions: Sequence[Execution]) -> Iterator[Activity]:
    """The activities of histories, in the order in which they were scheduled."""
    for execution in executions:
        found = dict[int, Activity]()
        for entry in execution.entries:
            if entry.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                asked = entry.activity_task_scheduled_event_attributes
                name, sent = asked.activity_type.name, asked.input.payloads
                found[entry.event_id] = Activity(name, sent[0].data if sent else b"")
            elif entry.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                done = entry.activity_task_completed_event_attributes
                given = done.result.payloads
                if given and done.scheduled_event_id in found:
                    asked_for = found[done.scheduled_event_id]
                    found[done.scheduled_event_id] = replace(asked_for, result=given[0].data)
        yield from found.values()


def find_saved_moves(executions: Sequence[Execution]) -> dict[int, tuple[SaveMove, bool]]:
    """The moves that a ticket's workflow wanted saved, by their numbers, and whether they were."""
    found = dict[int, tuple[SaveMove, bool]]()
    for each in list_activities(executions):
        if each.name == "save_ticket_move":
            request = SaveMove.model_validate_json(each.request)
            found[request.number] = request, each.result is not None
    return found


def find_works(executions: Sequence[Execution]) -> Iterator[Work]:
    """The attempts in which an agent worked on a ticket."""
    for each in list_activities(executions):
        if each.name == "work_on_ticket":
            yield Work.model_validate_json(each.request)


def find_spec(executions: Sequence[Execution]) -> TicketSpec:
    """What a ticket's workflow was started with."""
    started = executions[0].entries[0].workflow_execution_started_event_attributes
    return TicketSpec.model_validate_json(started.input.payloads[0].data)


def find_act(executions: Sequence[Execution]) -> CareAct:
    """The act that a workflow records."""
    started = executions[0].entries[0].workflow_execution_started_event_attributes
    return CareAct.model_validate_json(started.input.payloads[0].data)
