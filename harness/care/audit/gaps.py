"""Find what histories have and lists do not have, and what lists have without a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence

from harness.care.acts import digest_invariant, digest_note, digest_silence, digest_subject
from harness.care.audit.calls import list_calls
from harness.care.audit.changes import find_ends, list_lost_changes
from harness.care.audit.check import PROPOSING, TOOLS
from harness.care.audit.sources import (
    Source,
    Sources,
    find_act,
    find_saved_moves,
    find_works,
)
from harness.care.audit.store import AuditFilter, AuditStore
from harness.care.audit.tickets import TicketRecord, find_odd_tickets
from harness.care.audit.views import AuditGaps, Unlisted
from harness.care.contracts import CareAct
from harness.care.repair.following import find_run
from harness.care.store import CareStore
from harness.care.tickets.store import TicketStore
from harness.engine.connection import Connection

Key = tuple[str, ...]
"""A kind of thing, and its names."""
MOST_HISTORIES = 5_000
"""Of one request."""
UNRECORDED = (
    "was added without a record, outside of harness or before it kept records: add it again"
)
KINDS = {tool: kind for kind, tool in (*TOOLS.items(), *(("proposal", t) for t in PROPOSING))}


async def find_gaps(
    connection: Connection, sources: Sources, store: AuditStore, which: AuditFilter
) -> AuditGaps:
    """Read all histories that the filter allows, and compare them with the lists."""
    found, acts, full = list[Unlisted](), dict[str, CareAct](), False
    tickets = dict[str, TicketRecord]()
    async for workflow, execution in sources.list_own(which.since):
        own = workflow.removeprefix(sources.prefix)
        ticket = None if own.startswith("act.") else own
        if which.ticket not in (None, ticket) or (ticket is None and which.ticket is not None):
            continue
        if sources.read >= MOST_HISTORIES:
            full = True
            break
        source = await sources.find(workflow, execution)
        if ticket is not None:
            tickets.setdefault(ticket, TicketRecord()).add(source, execution)
        if not source.executions:  # the entries of that source say so
            continue
        if ticket is None:
            act = find_act(source.executions)
            acts[act.id] = act
            continue
        async for each in _find_in_ticket(connection, sources, store, ticket, execution, source):
            found.append(Unlisted(source=workflow, execution=execution, what=each))
    found += [
        Unlisted(source=sources.prefix + id, what=f"ticket {id} is not as its moves say: {what}")
        for id, what in await store.list_odd_tickets(which.ticket)
    ]
    if not which.since and not full:
        found += [each async for each in find_odd_tickets(sources, store, which.ticket, tickets)]
    known = await store.read_acts(list(acts))
    found += [
        Unlisted(source=f"{sources.prefix}act.{act.id}", what=f"{act.kind} by {act.by} is missing")
        for act in acts.values()
        if act.id not in known
    ]
    if which == AuditFilter() and not full:
        told = list(acts.values())
        found += [each async for each in _find_unrecorded(connection, sources, store, told)]
    return AuditGaps(unlisted=found, read=sources.read, incomplete=full)


async def _find_in_ticket(
    connection: Connection, sources: Sources, store: AuditStore, ticket: str, execution: str,
    source: Source,
) -> AsyncIterator[str]:  # fmt: skip
    rows = await store.read_moves(ticket, execution)
    for number, (request, is_saved) in find_saved_moves(source.executions).items():
        if is_saved and number not in rows:
            move = request.move
            yield f"move {number} of ticket {ticket} is missing: {move.state} by {move.by}"
    tickets = TicketStore(connection.database)
    for work in find_works(source.executions):
        run = find_run(work)
        events = (await sources.find(run, None)).events
        calls, ends = [*list_calls(events)], find_ends(source.executions, run)
        for lost in list_lost_changes(run, calls, await tickets.list_changes(run=run), ends):
            yield lost
        wanted = Counter[str]()
        for call in calls:
            is_good = call.result is not None and call.result.ok
            # A run that works on a ticket of its own had none from the start.
            if is_good and call.name in KINDS and run != work.ticket.run:
                wanted[KINDS[call.name]] += 1
        noted = Counter(
            "evidence" if note.kind == "pin" else note.kind
            for note in await tickets.list_notes(ticket)
            if note.run == run
        )
        for kind, count in (wanted - noted).items():
            yield f"{count} of {wanted[kind]} notes ({kind}) of run {run} are missing"


async def _find_unrecorded(
    connection: Connection, sources: Sources, store: AuditStore, acts: Sequence[CareAct]
) -> AsyncIterator[Unlisted]:
    """Rows of subjects, invariants, silences and notes that are not as they were recorded last."""
    last = find_last(acts)
    rows = await _read_rows(connection, store)
    for key in sorted({*last, *rows}):
        act, digest = last.get(key), rows.get(key)
        adds = act is not None and act.digest is not None
        what = f"{key[0]} {'/'.join(key[1:])}"
        if digest is not None and (act is None or not adds):
            yield Unlisted(
                source=key[0],
                what=f"{what} {UNRECORDED}",
            )
        elif act is not None and adds and digest is None:
            yield Unlisted(source=f"{sources.prefix}act.{act.id}", what=f"{what} is missing")
        elif act is not None and digest is not None and digest != act.digest:
            what = f"{what} is not as {act.by} has added it"
            yield Unlisted(source=f"{sources.prefix}act.{act.id}", what=what)


def find_last(acts: Iterable[CareAct]) -> dict[Key, CareAct]:
    """The last act on each thing. What belongs to a subject is removed with it."""
    last = dict[Key, CareAct]()
    for act in sorted(acts, key=lambda each: each.at):
        if act.kind == "work_undone":  # it leaves no row
            continue
        if act.kind == "subject_removed":
            last = {k: a for k, a in last.items() if k[0] == "note" or k[1] != act.subject}
        last[_find_key(act)] = act
    return last


def _find_key(act: CareAct) -> Key:
    kind = act.kind.partition("_")[0]
    if kind in ("commented", "pinned"):
        return "note", act.ticket or "", act.name or ""
    return (kind, act.subject) if kind == "subject" else (kind, act.subject, act.name or "")


async def _read_rows(connection: Connection, store: AuditStore) -> dict[Key, str]:
    """What there is now, with its digest, as `record_act` makes it."""
    care, rows = CareStore(connection.database), dict[Key, str]()
    for each in await care.list_subjects():
        rows["subject", each.subject.name] = digest_subject(each)
    for watched in await care.list_watched():
        if watched.by is not None:
            digest = digest_invariant(watched.invariant, watched.by)
            rows["invariant", watched.subject, watched.invariant.name] = digest
    for silence in await store.list_silences():
        rows["silence", silence.subject, silence.id] = digest_silence(silence)
    for ticket, note in await store.list_notes_of_people():
        rows["note", ticket, note.id] = digest_note(note)
    return rows
