"""The SQL of tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from harness.care.contracts import SaveMove, TicketFields
from harness.care.states import TicketState
from harness.care.tickets.rows import (
    ChangeRow,
    MoveRow,
    Note,
    Related,
    Report,
    Ticket,
    TicketFilter,
    build_rows,
)
from harness.store.database import Database

REPORT = """
INSERT INTO harness_care.ticket AS t (id, subject, invariant, title, severity, opened_by, count)
SELECT * FROM unnest(%(ids)s::text[], %(subjects)s::text[], %(invariants)s::text[],
  %(titles)s::text[], %(severities)s::text[], %(bys)s::text[], %(counts)s::bigint[])
ORDER BY 1 -- all lock in the same order
ON CONFLICT (id) DO UPDATE SET count = t.count + excluded.count, seen = now(),
  severity = excluded.severity
RETURNING id, state, started
"""
PRIORITY: LiteralString = """coalesce(priority, CASE severity WHEN 'critical' THEN 'high'
  WHEN 'info' THEN 'low' ELSE 'normal' END)"""
"""As a person has set it, or as it follows from the severity."""
TICKETS: LiteralString = f"""
SELECT id, subject, invariant, title, severity, {PRIORITY}, assignee, linked, state, opened_by,
  extract(epoch FROM opened)::float8, extract(epoch FROM changed)::float8, count,
  extract(epoch FROM seen)::float8, attempts, run, started, told
FROM harness_care.ticket
"""
WHICH: LiteralString = f"""
WHERE (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(assignee)s::text IS NULL OR coalesce(assignee, '') = %(assignee)s)
  AND (%(priority)s::text IS NULL OR {PRIORITY} = %(priority)s)
"""
LIST: LiteralString = f"""{TICKETS} {WHICH}
  AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
  AND (%(at)s::float8 IS NULL OR (extract(epoch FROM changed)::float8, id) < (%(at)s, %(id)s))
ORDER BY changed DESC, id DESC LIMIT %(limit)s
"""
COUNTS: LiteralString = f"""
SELECT state, count(*) FROM harness_care.ticket {WHICH} GROUP BY state
"""
# Tickets of one subject that were open at the same time; those whose changes have a commit in
# common; those that people have named.
RELATED = """
WITH own AS (SELECT * FROM harness_care.ticket WHERE id = %(id)s),
spans AS (
  SELECT t.*, CASE WHEN t.state IN ('resolved', 'closed') THEN t.changed ELSE now() END AS until
  FROM harness_care.ticket t
), found AS (
  SELECT t.id, t.title, t.state, t.changed, CASE
    WHEN t.id = ANY(own.linked) OR own.id = ANY(t.linked) THEN 'person'
    WHEN t.id IN (
      SELECT o.ticket FROM harness_care.change c JOIN harness_care.change o USING (commit)
      WHERE c.ticket = own.id) THEN 'commit'
    WHEN t.subject = own.subject AND t.opened <= s.until AND t.until >= own.opened THEN 'time'
    END AS why
  FROM own JOIN spans s ON s.id = own.id JOIN spans t ON t.id <> own.id
)
SELECT id, title, state, why FROM found WHERE why IS NOT NULL
ORDER BY array_position(ARRAY['person', 'commit', 'time'], why), changed DESC LIMIT %(limit)s
"""
SAVE_MOVE = """
WITH moved AS (
  INSERT INTO harness_care.ticket_move
    (ticket, workflow_run, number, state, why, by, at, run, event, fields)
  VALUES (%(ticket)s, %(workflow_run)s, %(number)s, %(state)s, %(why)s, %(by)s, %(at)s, %(run)s,
    %(event)s, %(fields)s)
  ON CONFLICT DO NOTHING RETURNING ticket
)
UPDATE harness_care.ticket SET state = %(state)s, changed = to_timestamp(%(at)s),
  attempts = %(attempts)s, run = coalesce(%(run)s, run),
  priority = coalesce(%(priority)s, priority),
  assignee = CASE WHEN %(assignee)s::text IS NULL THEN assignee
    ELSE nullif(%(assignee)s, '') END,
  linked = array_remove(CASE WHEN %(link)s::text IS NULL OR %(link)s = ANY(linked) THEN linked
    ELSE linked || %(link)s::text END, %(unlink)s::text)
WHERE id IN (SELECT ticket FROM moved)
"""
CHANGES = """
SELECT id, subject, ticket, run, kind, commit, summary, held, state, message, by,
  extract(epoch FROM at)::float8, stage, unsure
FROM harness_care.change
WHERE (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(ticket)s::text IS NULL OR ticket = %(ticket)s)
  AND (%(run)s::text IS NULL OR run = %(run)s)
  AND (%(id)s::text IS NULL OR id = %(id)s)
  AND at > to_timestamp(%(after)s) ORDER BY at DESC LIMIT %(limit)s
"""
BEGIN_CHANGE = """
INSERT INTO harness_care.change (id, subject, ticket, run, kind, commit, summary, held,
  unsure, state, by)
SELECT %(id)s, %(subject)s, %(ticket)s, %(run)s, %(kind)s, %(commit)s, %(summary)s,
  %(held)s, %(unsure)s, 'started', %(by)s
WHERE (SELECT count(*) FROM harness_care.change WHERE subject = %(subject)s
  AND id <> %(id)s AND at > now() - interval '1 day') < %(most)s
ON CONFLICT (id) DO UPDATE SET message = change.message RETURNING state
"""


class TicketStore:
    """The tables of tickets, notes and changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, reports: Sequence[Report]) -> dict[str, tuple[str, bool]]:
        """Open a ticket for each cause that has none, and count the others. Returns each one's
        state, and whether its workflow was started."""
        by_id = {each.id: each for each in reports}
        found = list(by_id.values())
        counts = Counter(each.id for each in reports)
        values = {
            "counts": [counts[each.id] for each in found],
            "ids": [each.id for each in found], "subjects": [each.subject for each in found],
            "invariants": [each.invariant for each in found],
            "titles": [each.title for each in found],
            "severities": [each.severity for each in found], "bys": [each.by for each in found],
        }  # fmt: skip
        rows = await self._database.fetch(REPORT, values)
        return {id: (state, started) for id, state, started in rows}

    async def note_started(self, ids: Sequence[str], *, started: bool = True) -> None:
        """Note that the workflows of these tickets have started, or have ended."""
        await self._database.fetch(
            "UPDATE harness_care.ticket SET started = %s WHERE id = ANY(%s)", (started, list(ids))
        )

    async def note_told(self, id: str, what: float) -> None:
        """Note what a ticket was told of last: see `Ticket.told`."""
        await self._database.fetch(
            "UPDATE harness_care.ticket SET told = %s WHERE id = %s", (what, id)
        )

    async def find(self, id: str) -> Ticket | None:
        """Find a ticket."""
        rows = await self._database.fetch(TICKETS + " WHERE id = %s", (id,))
        return next(iter(build_rows(Ticket, rows)), None)

    async def list(self, which: TicketFilter, limit: int) -> Sequence[Ticket]:
        """List tickets, the last changed first."""
        at, id = which.after or (None, None)
        values = {
            **_bind_filter(which), "at": at, "id": id, "limit": limit,
            "states": None if which.states is None else list(which.states),
        }  # fmt: skip
        return build_rows(Ticket, await self._database.fetch(LIST, values))

    async def count(self, which: TicketFilter) -> dict[TicketState, int]:
        """Count tickets by state, in whatever states the filter wants."""
        rows = await self._database.fetch(COUNTS, _bind_filter(which))
        return {state: count for state, count in rows}

    async def list_related(self, id: str, limit: int) -> Sequence[Related]:
        """List tickets that are related to this one."""
        rows = await self._database.fetch(RELATED, {"id": id, "limit": limit})
        return build_rows(Related, rows)

    async def set_run(self, id: str, run: str) -> None:
        """Note which run works on a ticket."""
        await self._database.fetch(
            "UPDATE harness_care.ticket SET run = %s WHERE id = %s", (run, id)
        )

    async def find_ticket_of(self, run: str) -> str | None:
        """The ticket that a run works on."""
        rows = await self._database.fetch(
            "SELECT id FROM harness_care.ticket WHERE run = %s", (run,)
        )
        return rows[0][0] if rows else None

    async def save_move(self, request: SaveMove, workflow_run: str) -> None:
        """Save a change of state; again changes nothing."""
        move, fields = request.move, request.move.fields or TicketFields()
        values = {
            "ticket": request.ticket, "workflow_run": workflow_run, "number": request.number,
            "state": move.state, "why": move.why, "by": move.by, "at": move.at, "run": move.run,
            "event": move.event, "attempts": request.attempts, **fields.model_dump(),
            "fields": move.fields and Jsonb(move.fields.model_dump(exclude_none=True)),
        }  # fmt: skip
        await self._database.fetch(SAVE_MOVE, values)

    async def list_moves(self, id: str) -> Sequence[MoveRow]:
        """List what happened to a ticket, in order."""
        rows = await self._database.fetch(
            "SELECT state, why, by, at, run, event, fields FROM harness_care.ticket_move "
            "WHERE ticket = %s ORDER BY at, number",
            (id,),
        )
        return build_rows(MoveRow, rows)

    async def add_note(self, ticket: str, note: Note) -> Note:
        """Add a note, at the time of the database; again with the same id changes nothing."""
        rows = await self._database.fetch(
            "INSERT INTO harness_care.note AS n (id, ticket, kind, text, evidence, by, run) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET id = n.id "
            "RETURNING extract(epoch FROM at)::float8",
            (
                note.id, ticket, note.kind, note.text,
                None if note.evidence is None else Jsonb(note.evidence), note.by, note.run,
            ),
        )  # fmt: skip
        return replace(note, at=rows[0][0])

    async def list_notes(self, ticket: str) -> Sequence[Note]:
        """List the notes on a ticket, in order."""
        rows = await self._database.fetch(
            "SELECT id, kind, text, by, extract(epoch FROM at)::float8, evidence, run "
            "FROM harness_care.note WHERE ticket = %s ORDER BY at",
            (ticket,),
        )
        return build_rows(Note, rows)

    async def begin_change(self, change: ChangeRow, most: int) -> str | None:
        """Note that a change begins; returns its state, `started` unless it was made before. None:
        the subject had as many changes of agents as it may have in a day."""
        values: dict[str, Any] = {
            "id": change.id, "subject": change.subject, "ticket": change.ticket, "run": change.run,
            "kind": change.kind, "commit": change.commit,
            "summary": change.summary, "held": list(change.held),
            "unsure": list(change.unsure), "by": change.by, "most": most,
        }  # fmt: skip
        rows = await self._database.fetch(BEGIN_CHANGE, values)
        return rows[0][0] if rows else None

    async def note_process(self, id: str, process: str) -> None:
        """Note the process that carries a change out now."""
        await self._database.fetch(
            "UPDATE harness_care.change SET process = %s WHERE id = %s", (process, id)
        )

    async def list_processes(self, change: ChangeRow) -> list[str]:
        """The processes that carried out this change last, and what is not finished of others of
        its subject."""
        rows = await self._database.fetch(
            "SELECT process FROM harness_care.change WHERE subject = %s "
            "AND (state = 'started' OR id = %s) AND process IS NOT NULL",
            (change.subject, change.id),
        )
        return [row[0] for row in rows]

    async def end_change(self, id: str, state: str, message: str = "") -> None:
        """Note how a change ended."""
        await self._database.fetch(
            "UPDATE harness_care.change SET state = %s, message = %s, ended = now() WHERE id = %s",
            (state, message[:4_000], id),
        )

    async def note_stage(self, id: str, stage: int) -> None:
        """Note that a stage of a deploy is done."""
        await self._database.fetch(
            "UPDATE harness_care.change SET stage = %s WHERE id = %s", (stage, id)
        )

    async def list_changes(
        self,
        *,
        subject: str | None = None,
        ticket: str | None = None,
        run: str | None = None,
        id: str | None = None,
        after: float = 0.0,
        limit: int = 1_000,
    ) -> Sequence[ChangeRow]:
        """List changes, the newest first."""
        which = {
            "subject": subject, "ticket": ticket, "run": run, "id": id, "after": after,
            "limit": limit,
        }  # fmt: skip
        return build_rows(ChangeRow, await self._database.fetch(CHANGES, which))


def _bind_filter(which: TicketFilter) -> dict[str, Any]:
    return {"subject": which.subject, "assignee": which.assignee, "priority": which.priority}
