"""What commands about care, limits, budgets, policies, memories and requests need of the place
where runs live."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.budgets.views import (
        Dimension,
        Forecast,
        GrantBody,
        Granted,
        SharedBudget,
        SpendingList,
    )
    from harness.care.audit.store import AuditFilter
    from harness.care.audit.views import AuditGaps, AuditPage
    from harness.care.invariants.views import ImportBody, ImportView, SloView
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
    from harness.care.tickets.rows import TicketFilter
    from harness.care.views import (
        CareStatus,
        InvariantBody,
        InvariantView,
        SilenceBody,
        SilenceView,
        SubjectView,
    )
    from harness.gates.trial import Tried
    from harness.gates.views import GatedRun, GateList
    from harness.limits.views import Limit
    from harness.memory.views import (
        MemoryList,
        MemoryStats,
        MemoryVerification,
        MemoryView,
        WrittenMemory,
    )
    from harness.policies.views import (
        ExplainBody,
        Explanation,
        PolicyTest,
        PolicyTestBody,
        PolicyView,
        RememberedApproval,
        RunPolicy,
    )
    from harness.request_log.rows import RequestFilter
    from harness.request_log.views import RequestDetail, RequestPage


class BackendCare(Protocol):
    """Services under care."""

    async def query(self, body: QueryBody) -> QueryAnswer: ...

    async def find_metrics(self, text: str, subject: str | None, limit: int) -> MetricList: ...

    async def list_moments(
        self, subject: str, start: float | None, end: float | None
    ) -> list[Moment]: ...

    async def read_status(self) -> CareStatus: ...

    async def list_subjects(self) -> list[SubjectView]: ...

    async def list_invariants(self, subject: str | None) -> list[InvariantView]: ...

    async def add_invariant(self, body: InvariantBody) -> InvariantView: ...

    async def remove_invariant(self, subject: str, name: str) -> InvariantView: ...

    async def import_rules(self, body: ImportBody) -> ImportView: ...

    async def list_slos(self, subject: str | None) -> list[SloView]: ...

    async def list_silences(self) -> list[SilenceView]: ...

    async def add_silence(self, body: SilenceBody) -> SilenceView: ...

    async def end_silence(self, id: str) -> SilenceView: ...

    async def list_tickets(
        self, which: TicketFilter, limit: int, cursor: str | None = None
    ) -> TicketList: ...

    async def show_ticket(self, id: str) -> TicketDetail: ...

    async def open_ticket(self, body: OpenTicketBody) -> TicketView: ...

    async def act_on_ticket(self, id: str, body: TicketActBody) -> TicketView: ...

    async def comment(self, id: str, body: CommentBody) -> TicketNote: ...

    async def change_ticket(self, id: str, body: TicketChangeBody) -> TicketView: ...

    async def pin(self, id: str, body: PinBody) -> TicketNote: ...

    async def undo_ticket(self, id: str) -> TicketDetail: ...

    async def read_audit(
        self, which: AuditFilter, limit: int, cursor: str | None, *, verify: bool
    ) -> AuditPage: ...

    async def find_gaps(self, which: AuditFilter) -> AuditGaps: ...


class BackendLimits(Protocol):
    """Limits of models and providers, and pools of tools."""

    async def list_limits(self) -> list[Limit]: ...

    async def list_pools(self) -> list[Limit]: ...


class BackendMemories(Protocol):
    """The memories of a person."""

    async def list(self, *, limit: int = 50, before: int | None = None) -> MemoryList: ...

    async def search(self, query: str, *, limit: int = 10) -> MemoryList: ...

    async def find(self, id: str) -> MemoryView: ...

    async def add(self, text: str) -> WrittenMemory: ...

    async def correct(self, id: str, text: str) -> WrittenMemory: ...

    async def forget(self, id: str) -> MemoryView: ...

    async def stats(self) -> MemoryStats: ...

    async def verify(self, *, repair: bool = False) -> MemoryVerification: ...


class BackendRequests(Protocol):
    """The requests to model providers that were recorded."""

    async def list(self, which: RequestFilter, limit: int, cursor: str | None) -> RequestPage: ...

    async def show(self, id: str) -> RequestDetail: ...


class BackendBudgets(Protocol):
    """Budgets that runs share, and what was spent."""

    async def list(self, name: str | None) -> builtins.list[SharedBudget]: ...

    async def grant(self, grant: GrantBody) -> Granted: ...

    async def read_spending(
        self, by: Sequence[Dimension], *, since: date | None, filters: Mapping[str, str | None]
    ) -> SpendingList: ...

    async def forecast(self, agent: str) -> Forecast: ...


class BackendPolicies(Protocol):
    """Policies, and approvals that are remembered."""

    async def show(self) -> PolicyView: ...

    async def explain(self, body: ExplainBody) -> Explanation: ...

    async def test(self, body: PolicyTestBody) -> PolicyTest: ...

    async def show_run(self, run: str) -> RunPolicy: ...

    async def switch(self, run: str, text: str | None) -> RunPolicy: ...

    async def list_remembered(self, session: str | None) -> builtins.list[RememberedApproval]: ...

    async def revoke(self, id: str) -> RememberedApproval: ...


class BackendGates(Protocol):
    """Gates, and what they decide about runs."""

    async def list_gates(self) -> GateList: ...

    async def explain_run(self, run: str, profile: Tried | None) -> GatedRun: ...
