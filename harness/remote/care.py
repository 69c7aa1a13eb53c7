"""Care through a daemon."""

from __future__ import annotations

from typing import Any

from harness.care.audit.store import AuditFilter
from harness.care.audit.views import AuditGaps, AuditPage
from harness.care.invariants.views import ImportBody, ImportView, SloList, SloView
from harness.care.query_views import MetricList, Moment, MomentList, QueryAnswer, QueryBody
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
from harness.care.tickets.rows import TicketFilter
from harness.care.views import (
    CareStatus,
    InvariantBody,
    InvariantList,
    InvariantView,
    SilenceBody,
    SilenceList,
    SilenceView,
    SubjectList,
    SubjectView,
)
from harness.remote.connection import DaemonConnection


class RemoteCare:
    """What commands do with care through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def query(self, body: QueryBody) -> QueryAnswer:
        data = body.model_dump(mode="json", exclude_none=True)
        return await self._connection.post(QueryAnswer, "care", "query", body=data)

    async def find_metrics(self, text: str, subject: str | None, limit: int) -> MetricList:
        return await self._connection.get(
            MetricList, "care", "metrics", text=text, subject=subject, limit=str(limit)
        )

    async def list_moments(
        self, subject: str, start: float | None, end: float | None
    ) -> list[Moment]:
        found: MomentList = await self._connection.get(
            MomentList, "care", "subjects", subject, "moments",
            start=None if start is None else str(start), end=None if end is None else str(end),
        )  # fmt: skip
        return found.moments

    async def read_status(self) -> CareStatus:
        return await self._connection.get(CareStatus, "care")

    async def list_subjects(self) -> list[SubjectView]:
        found: SubjectList = await self._connection.get(SubjectList, "care", "subjects")
        return found.subjects

    async def list_invariants(self, subject: str | None) -> list[InvariantView]:
        found: InvariantList = await self._connection.get(
            InvariantList, "care", "invariants", subject=subject
        )
        return found.invariants

    async def add_invariant(self, body: InvariantBody) -> InvariantView:
        data = body.model_dump(mode="json", exclude_none=True)
        return await self._connection.post(InvariantView, "care", "invariants", body=data)

    async def remove_invariant(self, subject: str, name: str) -> InvariantView:
        return await self._connection.send(
            "DELETE", InvariantView, "care", "invariants", subject, name
        )

    async def import_rules(self, body: ImportBody) -> ImportView:
        data = body.model_dump(mode="json")
        return await self._connection.post(ImportView, "care", "invariants", "import", body=data)

    async def list_slos(self, subject: str | None) -> list[SloView]:
        found: SloList = await self._connection.get(SloList, "care", "slos", subject=subject)
        return found.slos

    async def list_silences(self) -> list[SilenceView]:
        found: SilenceList = await self._connection.get(SilenceList, "care", "silences")
        return found.silences

    async def add_silence(self, body: SilenceBody) -> SilenceView:
        data = body.model_dump(mode="json", exclude_none=True)
        return await self._connection.post(SilenceView, "care", "silences", body=data)

    async def end_silence(self, id: str) -> SilenceView:
        return await self._connection.send("DELETE", SilenceView, "care", "silences", id)

    async def list_tickets(
        self, which: TicketFilter, limit: int, cursor: str | None = None
    ) -> TicketList:
        return await self._connection.get(
            TicketList, "care", "tickets", subject=which.subject, state=which.states,
            assignee=which.assignee, priority=which.priority, limit=limit, cursor=cursor,
            all="true",
        )  # fmt: skip

    async def show_ticket(self, id: str) -> TicketDetail:
        return await self._connection.get(TicketDetail, "care", "tickets", id)

    async def open_ticket(self, body: OpenTicketBody) -> TicketView:
        data = body.model_dump(mode="json")
        return await self._connection.post(TicketView, "care", "tickets", body=data)

    async def act_on_ticket(self, id: str, body: TicketActBody) -> TicketView:
        data = body.model_dump(mode="json")
        return await self._connection.post(TicketView, "care", "tickets", id, "act", body=data)

    async def comment(self, id: str, body: CommentBody) -> TicketNote:
        data = body.model_dump(mode="json")
        return await self._connection.post(TicketNote, "care", "tickets", id, "comments", body=data)

    async def change_ticket(self, id: str, body: TicketChangeBody) -> TicketView:
        data = body.model_dump(mode="json", exclude_none=True)
        return await self._connection.send("PATCH", TicketView, "care", "tickets", id, body=data)

    async def pin(self, id: str, body: PinBody) -> TicketNote:
        data = body.model_dump(mode="json", exclude_none=True)
        return await self._connection.post(TicketNote, "care", "tickets", id, "pins", body=data)

    async def undo_ticket(self, id: str) -> TicketDetail:
        return await self._connection.post(TicketDetail, "care", "tickets", id, "undo", body={})

    async def read_audit(
        self, which: AuditFilter, limit: int, cursor: str | None, *, verify: bool
    ) -> AuditPage:
        return await self._connection.get(
            AuditPage, "care", "audit", **_name_filter(which), limit=limit, cursor=cursor,
            verify=str(verify).lower(),
        )  # fmt: skip

    async def find_gaps(self, which: AuditFilter) -> AuditGaps:
        return await self._connection.get(AuditGaps, "care", "audit", "gaps", **_name_filter(which))


def _name_filter(which: AuditFilter) -> dict[str, Any]:
    return {**vars(which), "since": which.since or None}
