"""Care of the stack, as the person at this machine uses it."""

from __future__ import annotations

from harness.care import metrics, moments
from harness.care.audit.client import read_audit, read_gaps
from harness.care.audit.store import AuditFilter
from harness.care.audit.views import AuditGaps, AuditPage
from harness.care.invariants import client, imports, silences, slos
from harness.care.invariants.views import ImportBody, ImportView, SloView
from harness.care.queries import answer_query
from harness.care.query_views import MetricList, Moment, QueryAnswer, QueryBody
from harness.care.ticket_views import (
    CommentBody,
    OpenTicketBody,
    PinBody,
    TicketActBody,
    TicketChangeBody,
    TicketDetail,
    TicketList,
    TicketNote,
    TicketView,
)
from harness.care.tickets import client as tickets
from harness.care.tickets import notes, reading
from harness.care.tickets.rows import TicketFilter
from harness.care.tickets.undoing import undo_ticket
from harness.care.views import (
    CareStatus,
    InvariantBody,
    InvariantView,
    SilenceBody,
    SilenceView,
    SubjectView,
)
from harness.engine.connection import Connection, get_identity


class CareDesk:
    """What commands do with care on the stack."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._by = get_identity()
        """Who uses it: the same name as for approvals."""

    async def query(self, body: QueryBody) -> QueryAnswer:
        return await answer_query(self._connection, body)

    async def find_metrics(self, text: str, subject: str | None, limit: int) -> MetricList:
        return await metrics.find_metrics(self._connection, text, subject, limit)

    async def list_moments(
        self, subject: str, start: float | None, end: float | None
    ) -> list[Moment]:
        return (await moments.list_moments(self._connection, subject, start, end)).moments

    async def read_status(self) -> CareStatus:
        return await client.read_status(self._connection)

    async def list_subjects(self) -> list[SubjectView]:
        return await client.list_subjects(self._connection)

    async def list_invariants(self, subject: str | None) -> list[InvariantView]:
        return await client.list_invariants(self._connection, subject, samples=True)

    async def add_invariant(self, body: InvariantBody) -> InvariantView:
        return await client.add_invariant(self._connection, body, self._by)

    async def remove_invariant(self, subject: str, name: str) -> InvariantView:
        return await client.remove_invariant(self._connection, subject, name, self._by)

    async def import_rules(self, body: ImportBody) -> ImportView:
        return await imports.import_rules(self._connection, body, self._by)

    async def list_slos(self, subject: str | None) -> list[SloView]:
        return await slos.list_slos(self._connection, subject)

    async def list_silences(self) -> list[SilenceView]:
        return await silences.list_silences(self._connection)

    async def add_silence(self, body: SilenceBody) -> SilenceView:
        return await silences.add_silence(self._connection, body, self._by)

    async def end_silence(self, id: str) -> SilenceView:
        return await silences.end_silence(self._connection, id, self._by)

    async def list_tickets(
        self, which: TicketFilter, limit: int, cursor: str | None = None
    ) -> TicketList:
        return await reading.list_tickets(self._connection, which, limit=limit, cursor=cursor)

    async def show_ticket(self, id: str) -> TicketDetail:
        return await reading.show_ticket(self._connection, id)

    async def open_ticket(self, body: OpenTicketBody) -> TicketView:
        made = await tickets.open_ticket(
            self._connection, body.subject, body.title, self._by, autonomous=body.work
        )
        return TicketView.of(made)

    async def act_on_ticket(self, id: str, body: TicketActBody) -> TicketView:
        acted = await tickets.act_on_ticket(self._connection, id, body.action, self._by, body.why)
        return TicketView.of(acted)

    async def comment(self, id: str, body: CommentBody) -> TicketNote:
        note = await notes.comment(self._connection, id, body.text, self._by)
        return TicketNote.model_validate(note, from_attributes=True)

    async def change_ticket(self, id: str, body: TicketChangeBody) -> TicketView:
        return TicketView.of(await tickets.change_ticket(self._connection, id, body, self._by))

    async def undo_ticket(self, id: str) -> TicketDetail:
        await undo_ticket(
            self._connection, await tickets.find_ticket(self._connection, id), self._by
        )
        return await reading.show_ticket(self._connection, id)

    async def pin(self, id: str, body: PinBody) -> TicketNote:
        note = await notes.pin(self._connection, id, body, self._by)
        return TicketNote.model_validate(note, from_attributes=True)

    async def read_audit(
        self, which: AuditFilter, limit: int, cursor: str | None, *, verify: bool
    ) -> AuditPage:
        return await read_audit(self._connection, which, limit, cursor, verify=verify)

    async def find_gaps(self, which: AuditFilter) -> AuditGaps:
        return await read_gaps(self._connection, which)
