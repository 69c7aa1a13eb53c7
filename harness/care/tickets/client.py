"""Open tickets, and act on them: what commands, routes, the watch and tools call."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from harness.care.contracts import TicketAct, TicketChange, TicketFields, describe_fields
from harness.care.invariants.judge import Judgement
from harness.care.invariants.rows import Watched
from harness.care.states import CAN_WORK, OPEN_STATES, RESOLVE_ALONE, SETTLES, Action
from harness.care.subjects.registry import find_subject
from harness.care.ticket_views import TicketChangeBody
from harness.care.tickets.rows import SETTLED, Report, Ticket, TicketFilter, fingerprint
from harness.care.tickets.store import TicketStore
from harness.care.tickets.workflows import (
    AlreadySo,
    observe,
    start_ticket,
    tell_ticket,
    update_ticket,
)
from harness.contracts.errors import StackUnreachable, TicketNotFound, TicketRefused
from harness.engine.connection import Connection

log = logging.getLogger(__name__)
WATCH = "watch"
MAX_TEXT = 10_000
COPIED_S, LOOK_S = 3.0, 0.05
"""How long the row of a ticket is waited for once its workflow has changed, and how often it is
read."""


async def report_judgements(
    connection: Connection, found: Iterable[tuple[Watched, Judgement]]
) -> None:
    """Open or reopen a ticket for each broken invariant, and tell the others what holds again. The
    burn rates of an SLO have one ticket: it holds again when none of them is broken."""
    pairs = [(watched, judged) for watched, judged in found if not watched.silenced]
    bad = [pair for pair in pairs if pair[1].state == "broken"]
    # In a gap of its data, what was broken before is not yet good.
    still_bad = {_identify(e) for e, j in pairs if j.state == "broken" or j.violated_since}
    held = {_identify(e): j.since for e, j in pairs if j.state == "holds"}
    if held:
        waiting = await TicketStore(connection.database).list(
            TicketFilter(states=RESOLVE_ALONE), 10_000
        )
        for ticket in waiting:
            if ticket.id in held and ticket.id not in still_bad:
                await _tell_once(connection, ticket, held[ticket.id])
    await report(connection, await _choose_reports(connection, bad))


async def _tell_once(connection: Connection, ticket: Ticket, since: float) -> None:
    """Tell a ticket that its invariant holds again, once since it holds and since the ticket was
    changed: one that a person has to look at stays as it is, and a history bears some signals."""
    what = max(since, ticket.changed)
    if ticket.told == what:
        return
    try:
        await tell_ticket(connection, ticket, holds=True)
    except TicketRefused as error:  # others are told all the same
        log.warning("ticket %s cannot be told that its invariant holds: %s", ticket.id, error)
        return
    await TicketStore(connection.database).note_told(ticket.id, what)


async def report(connection: Connection, reports: Sequence[Report]) -> None:
    """Report problems: a new cause opens a ticket, a known one counts."""
    if not reports:
        return
    store = TicketStore(connection.database)
    known = await store.report(reports)
    started, failed = list[str](), None
    for each in {each.id: each for each in reports}.values():
        state, was_started = known[each.id]
        try:
            if was_started and (state in OPEN_STATES or await _reopen(connection, each.id, state)):
                continue
            await start_ticket(connection, each, "open" if state == "open" else "reopened")
            started.append(each.id)
        except TicketRefused as error:  # others are reported all the same
            log.warning("ticket %s cannot be told that it is broken again: %s", each.id, error)
        except StackUnreachable as error:
            if failed is not None:
                break  # it is not this ticket alone
            failed = error
    if started:
        await store.note_started(started)
    if failed is not None:
        raise failed


async def _reopen(connection: Connection, ticket: str, state: str) -> bool:
    """Tell a resolved ticket that its cause is back; returns whether it has a workflow."""
    return state == "resolved" and await observe(connection, ticket, holds=False)


async def open_ticket(
    connection: Connection, subject: str, title: str, by: str, *, autonomous: bool = False
) -> Ticket:
    """Open a ticket by hand.

    Raises:
        SubjectNotFound: There is no such subject.
        TicketRefused: The title is empty or too long.
    """
    await find_subject(connection, subject)
    title = " ".join(title.split())
    if not title or len(title) > 300:
        raise TicketRefused("The title must have 1 to 300 characters.")
    report_ = Report(
        id=fingerprint(subject, uuid.uuid4().hex), subject=subject, title=title,
        severity="warning", by=by,
    )  # fmt: skip
    await _open(connection, report_, autonomous=autonomous)
    return await find_ticket(connection, report_.id)


async def open_ticket_of_run(connection: Connection, subject: str, run: str, why: str) -> str:
    """Open the ticket of a run that is about to change a subject without one, so that its change is
    watched too; returns its id."""
    id = fingerprint(subject, f"run\0{run}")
    title = f"Change by an agent: {' '.join(why.split())}"[:300]
    report_ = Report(id=id, subject=subject, title=title, severity="info", by="agent")
    await _open(connection, report_, autonomous=True, run=run)
    return id


async def _open(
    connection: Connection, report: Report, *, autonomous: bool, run: str | None = None
) -> None:
    """Open the ticket of a cause that is reported this once."""
    store = TicketStore(connection.database)
    await store.report([report])
    if run is not None:
        await store.set_run(report.id, run)
    await start_ticket(connection, report, "open", autonomous=autonomous, run=run)
    await store.note_started([report.id])


async def find_ticket(connection: Connection, id: str) -> Ticket:
    """Find a ticket by its id.

    Raises:
        TicketNotFound: There is none.
    """
    found = await TicketStore(connection.database).find(id) if id.isprintable() else None
    if found is None:
        raise TicketNotFound(f"There is no ticket {id[:40]!r}.")
    return found


async def act_on_ticket(
    connection: Connection, id: str, action: Action, by: str, why: str = ""
) -> Ticket:
    """Let an agent work on a ticket, resolve it, or close it; returns the ticket as it is then. To
    resolve or close one that is resolved or closed already changes nothing.

    Raises:
        TicketNotFound: There is none.
        TicketRefused: It is in a state in which that makes no sense.
    """
    act = TicketAct(action=action, by=by, why=why[:MAX_TEXT] or f"by {by}")
    try:
        before = await find_ticket(connection, id)
        state = await update_ticket(connection, before, "act", act)
    except AlreadySo:
        before, state = await find_ticket(connection, id), SETTLES[action]

    def is_copied(row: Ticket) -> bool:
        if action == "work":
            return row.state not in CAN_WORK or row.attempts > before.attempts
        return row.state == state

    found = await _wait_for_row(connection, before.id, is_copied)
    return found if is_copied(found) else replace(found, state=state)


async def change_ticket(connection: Connection, id: str, body: TicketChangeBody, by: str) -> Ticket:
    """Change the priority, the assignee or the related tickets of a ticket; returns the ticket as
    it is then.

    Raises:
        TicketNotFound: There is none.
        TicketRefused: It is closed, or no change is given.
    """
    fields = TicketFields(**body.model_dump())
    if not describe_fields(fields):
        raise TicketRefused("No change was given.")
    if fields.assignee is not None:
        fields = fields.model_copy(update={"assignee": " ".join(fields.assignee.split())})
    if fields.link is not None:
        other = await find_ticket(connection, fields.link)
        if other.id == id:
            raise TicketRefused("A ticket cannot be related to itself.")
    before = await find_ticket(connection, id)
    await update_ticket(connection, before, "change", TicketChange(fields=fields, by=by))
    found = await _wait_for_row(connection, before.id, lambda row: _apply(row, fields) == row)
    return _apply(found, fields)


def _apply(row: Ticket, fields: TicketFields) -> Ticket:
    """A ticket with these fields, as its row will have them."""
    linked = row.linked
    if fields.link is not None and fields.link not in linked:
        linked = [*linked, fields.link]
    return replace(
        row,
        priority=row.priority if fields.priority is None else fields.priority,
        assignee=row.assignee if fields.assignee is None else fields.assignee or None,
        linked=[each for each in linked if each != fields.unlink],
    )


async def _wait_for_row(
    connection: Connection, id: str, is_copied: Callable[[Ticket], bool]
) -> Ticket:
    """Read a ticket once its row has what the workflow has taken, so that lists have it too; if
    that takes long, as it is."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + COPIED_S
    while True:
        found = await find_ticket(connection, id)
        if is_copied(found) or loop.time() > deadline:
            return found
        await asyncio.sleep(LOOK_S)


async def _choose_reports(
    connection: Connection, bad: Sequence[tuple[Watched, Judgement]]
) -> list[Report]:
    """One report for each cause: of an SLO, the one of its fastest burn rate that is broken."""
    settled = dict[str, float]()
    if any(watched.invariant.slo is not None for watched, _ in bad):
        found = await TicketStore(connection.database).list(TicketFilter(states=SETTLED), 10_000)
        settled = {ticket.id: ticket.changed for ticket in found}
    worst = dict[str, Watched]()
    for watched, judged in sorted(bad, key=lambda pair: pair[0].invariant.threshold):
        id = _identify(watched)
        if watched.invariant.slo is None or not _looks_back(judged, settled.get(id)):
            worst[id] = watched
    return [_describe(watched) for watched in worst.values()]


def _looks_back(judged: Judgement, settled: float | None) -> bool:
    """Whether a burn rate has been broken since before its ticket was settled: slow ones look back
    for hours, and are broken by what happened before the repair."""
    since = judged.since if judged.violated_since is None else judged.violated_since
    return settled is not None and since <= settled


def _identify(watched: Watched) -> str:
    """The id of the ticket of an invariant, or of the SLO whose burn rate it is."""
    slo = watched.invariant.slo
    cause = watched.invariant.name if slo is None else f"slo\0{slo}"
    return fingerprint(watched.subject, cause)


def _describe(watched: Watched) -> Report:
    invariant = watched.invariant
    return Report(
        id=_identify(watched), subject=watched.subject,
        invariant=invariant.name, severity=invariant.severity, by=WATCH,
        title=invariant.failure[:300],
    )  # fmt: skip
