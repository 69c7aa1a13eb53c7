"""The routes of care."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from harness.api.caller import Caller, Role
from harness.api.context import ApiContext, CallerOf, Context, PathText, may_see
from harness.api.route import Created, Route
from harness.api.slots import Slots
from harness.care import metrics, moments
from harness.care.audit.routes import AUDIT_ROUTES
from harness.care.invariants import client, imports, silences, slos
from harness.care.invariants.invariant import NAME
from harness.care.invariants.views import ImportBody, ImportView, SloList
from harness.care.permission import check_subject_owner, check_ticket_owner, may_change
from harness.care.queries import answer_query
from harness.care.query_views import MetricList, MomentList, QueryAnswer, QueryBody
from harness.care.states import OPEN_STATES, Priority, TicketState
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
from harness.care.tickets import alerts, notes, reading
from harness.care.tickets import client as tickets
from harness.care.tickets.alerts import AlertsBody, AlertsTaken
from harness.care.tickets.rows import TicketFilter
from harness.care.tickets.undoing import undo_ticket
from harness.care.views import (
    CareStatus,
    InvariantBody,
    InvariantList,
    InvariantView,
    SilenceBody,
    SilenceList,
    SilenceView,
    SubjectDetail,
    SubjectList,
)
from harness.contracts.errors import RunNotFound, StackUnreachable

SubjectName = Annotated[str | None, Query(pattern=NAME, description="Only those of this subject.")]
All = Annotated[bool, Query(description="With those that are resolved or closed.")]
States = Annotated[
    list[TicketState] | None, Query(description="Only those in one of these states.")
]
Assignee = Annotated[
    str | None, Query(max_length=100, description="Only those of this person; empty: of nobody.")
]


class Queries(Slots):
    """Queries that are being answered: each may hold some megabytes."""

    what = "queries"
    most = 8
    most_each = 4


class MomentReads(Slots):
    """Reads of what happened: each asks git for the commits of a folder."""

    what = "reads of what happened to a subject"
    most = 8
    most_each = 4


async def query(body: QueryBody, context: Context, caller: CallerOf) -> QueryAnswer:
    """Query metrics (PromQL) or logs (LogQL)."""
    with context.parts.find(Queries, Queries).take(caller):
        return await answer_query(context.connection, body)


async def find_metrics(
    context: Context,
    caller: CallerOf,
    text: Annotated[str, Query(max_length=200, description="Words of name or help.")] = "",
    subject: SubjectName = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> MetricList:
    """Find metrics by words of their name or help; of few, with their labels."""
    with context.parts.find(Queries, Queries).take(caller):
        return await metrics.find_metrics(context.connection, text, subject, limit)


async def read_status(context: Context) -> CareStatus:
    """Read the state of all subjects, and the invariants that do not hold."""
    return await client.read_status(context.connection)


async def list_subjects(context: Context) -> SubjectList:
    """List the services under care."""
    return SubjectList(subjects=await client.list_subjects(context.connection))


async def show_subject(subject: PathText, context: Context, caller: CallerOf) -> SubjectDetail:
    """Read a service under care with its invariants, and its last tickets and changes."""
    found = await reading.show_subject(context.connection, subject)
    return found.model_copy(update={"may_change": may_see(caller, found.owner)})


Seconds = Annotated[float | None, Query(ge=0, le=1e11, allow_inf_nan=False)]


async def list_moments(
    subject: PathText,
    context: Context,
    caller: CallerOf,
    start: Seconds = None,
    end: Seconds = None,
) -> MomentList:
    """List what happened to a service: deploys, commits, tickets, runs and silences. Times are
    seconds since 1970; without them: the last hour."""
    with context.parts.find(MomentReads, MomentReads).take(caller):
        return await moments.list_moments(context.connection, subject, start, end)


async def list_invariants(context: Context, subject: SubjectName = None) -> InvariantList:
    """List invariants with their states and newest values."""
    found = await client.list_invariants(context.connection, subject, samples=True)
    return InvariantList(invariants=found)


async def add_invariant(body: InvariantBody, context: Context, caller: CallerOf) -> InvariantView:
    """Add an invariant to a subject, or change one that a person added."""
    await check_subject_owner(context.connection, caller, body.subject)
    return await client.add_invariant(context.connection, body, caller.user)


async def import_rules(body: ImportBody, context: Context, caller: CallerOf) -> ImportView:
    """Import alert rules of Prometheus: all that can be, at once."""
    await check_subject_owner(context.connection, caller, body.subject)
    with context.parts.find(Queries, Queries).take(caller):
        return await imports.import_rules(context.connection, body, caller.user)


async def remove_invariant(
    subject: PathText, invariant: PathText, context: Context, caller: CallerOf
) -> InvariantView:
    """Remove an invariant that a person added."""
    await check_subject_owner(context.connection, caller, subject)
    return await client.remove_invariant(context.connection, subject, invariant, caller.user)


async def list_slos(context: Context, caller: CallerOf, subject: SubjectName = None) -> SloList:
    """List SLOs with how much of their error budgets is left."""
    with context.parts.find(Queries, Queries).take(caller):
        return SloList(slos=await slos.list_slos(context.connection, subject))


async def list_tickets(
    context: Context,
    subject: SubjectName = None,
    state: States = None,
    assignee: Assignee = None,
    priority: Priority | None = None,
    all: All = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> TicketList:
    """List open tickets, the last changed first; with `all` or `state` others too."""
    states = state or (None if all else OPEN_STATES)
    which = TicketFilter(subject=subject, states=states, assignee=assignee, priority=priority)
    return await reading.list_tickets(context.connection, which, limit=limit, cursor=cursor)


async def open_ticket(body: OpenTicketBody, context: Context, caller: CallerOf) -> TicketView:
    """Open a ticket."""
    await check_subject_owner(context.connection, caller, body.subject)
    made = await tickets.open_ticket(
        context.connection, body.subject, body.title, caller.user, autonomous=body.work
    )
    return TicketView.of(made)


async def show_ticket(ticket: PathText, context: Context, caller: CallerOf) -> TicketDetail:
    """Read a ticket with all that happened to it."""
    found = await reading.show_ticket(context.connection, ticket)
    visible = found.run is not None and await _may_see_run(context, caller, found.run)
    is_owner = await may_change(context.connection, caller, found.subject)
    actions = found.actions if is_owner else []
    return found.model_copy(
        update={"run_visible": visible, "may_change": is_owner, "actions": actions}
    )


async def _may_see_run(context: ApiContext, caller: Caller, run: str) -> bool:
    try:
        await context.check_run(caller, run)
    except (RunNotFound, StackUnreachable):
        return False
    return True


async def act_on_ticket(
    ticket: PathText, body: TicketActBody, context: Context, caller: CallerOf
) -> TicketView:
    """Let an agent work on a ticket, resolve it, or close it."""
    await check_ticket_owner(context.connection, caller, ticket)
    acted = await tickets.act_on_ticket(
        context.connection, ticket, body.action, caller.user, body.why
    )
    return TicketView.of(acted)


async def comment(
    ticket: PathText, body: CommentBody, context: Context, caller: CallerOf
) -> TicketNote:
    """Comment on a ticket."""
    await check_ticket_owner(context.connection, caller, ticket)
    note = await notes.comment(context.connection, ticket, body.text, caller.user)
    return TicketNote.model_validate(note, from_attributes=True)


async def change_ticket(
    ticket: PathText, body: TicketChangeBody, context: Context, caller: CallerOf
) -> TicketView:
    """Change the priority, the assignee or the related tickets of a ticket."""
    await check_ticket_owner(context.connection, caller, ticket)
    changed = await tickets.change_ticket(context.connection, ticket, body, caller.user)
    return TicketView.of(changed)


async def pin(ticket: PathText, body: PinBody, context: Context, caller: CallerOf) -> TicketNote:
    """Ask a query now, and keep it with its result on a ticket."""
    await check_ticket_owner(context.connection, caller, ticket)
    with context.parts.find(Queries, Queries).take(caller):
        note = await notes.pin(context.connection, ticket, body, caller.user)
    return TicketNote.model_validate(note, from_attributes=True)


async def undo(ticket: PathText, context: Context, caller: CallerOf) -> TicketDetail:
    """Undo what the last run that worked on a ticket has changed, newest first."""
    await check_ticket_owner(context.connection, caller, ticket)
    found = await tickets.find_ticket(context.connection, ticket)
    if found.run is not None:
        await context.check_run(caller, found.run)
    await undo_ticket(context.connection, found, caller.user)
    return await show_ticket(found.id, context, caller)


async def take_alerts(body: AlertsBody, context: Context, caller: CallerOf) -> AlertsTaken:
    """Report alerts of Alertmanager as tickets: its webhook sends them."""
    return await alerts.take_alerts(
        context.connection, body, lambda subject: may_see(caller, subject.owner)
    )


async def list_silences(context: Context) -> SilenceList:
    """List the silences that hold now."""
    return SilenceList(silences=await silences.list_silences(context.connection))


async def add_silence(body: SilenceBody, context: Context, caller: CallerOf) -> SilenceView:
    """Let invariants open no tickets for a time."""
    await check_subject_owner(context.connection, caller, body.subject)
    return await silences.add_silence(context.connection, body, caller.user)


async def end_silence(silence: PathText, context: Context, caller: CallerOf) -> SilenceView:
    """End a silence."""
    found = await silences.find_silence(context.connection, silence)
    await check_subject_owner(context.connection, caller, found.subject)
    return await silences.end_silence(context.connection, silence, caller.user)


ROUTES = (
    Route("GET", "/care", read_status, Role.VIEWER),
    Route("POST", "/care/query", query, Role.VIEWER),
    Route("GET", "/care/metrics", find_metrics, Role.VIEWER),
    Route("GET", "/care/subjects", list_subjects, Role.VIEWER),
    Route("GET", "/care/subjects/{subject}", show_subject, Role.VIEWER),
    Route("GET", "/care/subjects/{subject}/moments", list_moments, Role.VIEWER),
    Route("GET", "/care/invariants", list_invariants, Role.VIEWER),
    Route("POST", "/care/invariants", add_invariant, Role.OPERATOR),
    Route("POST", "/care/invariants/import", import_rules, Role.OPERATOR),
    Route("GET", "/care/slos", list_slos, Role.VIEWER),
    Route("GET", "/care/tickets", list_tickets, Role.VIEWER),
    Route("POST", "/care/tickets", open_ticket, Role.OPERATOR, 201, creates=Created("ticket")),
    Route("GET", "/care/tickets/{ticket}", show_ticket, Role.VIEWER),
    Route("POST", "/care/tickets/{ticket}/act", act_on_ticket, Role.OPERATOR),
    Route("PATCH", "/care/tickets/{ticket}", change_ticket, Role.OPERATOR),
    Route("POST", "/care/tickets/{ticket}/undo", undo, Role.OPERATOR),
    Route("POST", "/care/tickets/{ticket}/comments", comment, Role.OPERATOR),
    Route("POST", "/care/tickets/{ticket}/pins", pin, Role.OPERATOR),
    Route("POST", "/care/alerts", take_alerts, Role.OPERATOR),
    Route("GET", "/care/silences", list_silences, Role.VIEWER),
    Route("POST", "/care/silences", add_silence, Role.OPERATOR, 201, creates=Created("silence")),
    Route("DELETE", "/care/silences/{silence}", end_silence, Role.OPERATOR),
    Route("DELETE", "/care/invariants/{subject}/{invariant}", remove_invariant, Role.OPERATOR),
    *AUDIT_ROUTES,
)
