"""The routes of the audit. For admins: it covers all subjects and all people."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator

from harness.api.caller import Role
from harness.api.context import CallerOf, Context
from harness.api.route import Route
from harness.api.slots import Slots
from harness.api.times import read_time
from harness.care.audit.client import read_audit, read_gaps
from harness.care.audit.store import AuditFilter
from harness.care.audit.views import AuditGaps, AuditPage
from harness.care.invariants.invariant import NAME
from harness.care.states import AuditAction

Subject = Annotated[str | None, Query(pattern=NAME, description="Only of this subject.")]
Ticket = Annotated[str | None, Query(max_length=64, description="Only of this ticket.")]
By = Annotated[
    str | None, Query(max_length=250, description="Only what they did or approved.")
]  # fmt: skip
Since = Annotated[AwareDatetime | None, BeforeValidator(read_time)]


class Audits(Slots):
    """Reads of the audit that look at histories."""

    what = "reads of the audit"
    most = 4
    most_each = 2


async def list_audit(
    context: Context,
    caller: CallerOf,
    subject: Subject = None,
    ticket: Ticket = None,
    by: By = None,
    action: AuditAction | None = None,
    since: Since = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
    verify: Annotated[
        bool, Query(description="Whether to compare each entry with its history, and its seal.")
    ] = False,
) -> AuditPage:
    """Read what people and agents did with services under care, the newest first."""
    which = AuditFilter(
        subject=subject, ticket=ticket, by=by, action=action,
        since=0.0 if since is None else since.timestamp(),
    )  # fmt: skip
    if not verify:
        return await read_audit(context.connection, which, limit, cursor)
    with context.parts.find(Audits, Audits).take(caller):
        return await read_audit(context.connection, which, limit, cursor, verify=True)


async def list_gaps(
    context: Context,
    caller: CallerOf,
    subject: Subject = None,
    ticket: Ticket = None,
    since: Since = None,
) -> AuditGaps:
    """Find what the histories of care have and the lists do not have: somebody has removed it."""
    which = AuditFilter(
        subject=subject, ticket=ticket, since=0.0 if since is None else since.timestamp()
    )
    with context.parts.find(Audits, Audits).take(caller):
        return await read_gaps(context.connection, which)


AUDIT_ROUTES = (
    Route("GET", "/care/audit", list_audit, Role.ADMIN),
    Route("GET", "/care/audit/gaps", list_gaps, Role.ADMIN),
)
