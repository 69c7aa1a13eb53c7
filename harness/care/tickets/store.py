"""The SQL of tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from harness.care.contracts import SaveMove
from harness.care.tickets.rows import ChangeRow, MoveRow, Note, NoteKind, Report, Ticket
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
TICKETS: LiteralString = """
SELECT id, subject, invariant, title, severity, state, opened_by,
  extract(epoch FROM opened)::float8, extract(epoch FROM changed)::float8, count,
  extract(epoch FROM seen)::float8, attempts, run, started
FROM harness_care.ticket
"""
LIST: LiteralString = (
    TICKETS
    + """
WHERE (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
ORDER BY changed DESC, id LIMIT %(limit)s
"""
)
SAVE_MOVE = """
WITH moved AS (
  INSERT INTO harness_care.ticket_move (ticket, workflow_run, number, state, why, by, at, run)
  VALUES (%(ticket)s, %(workflow_run)s, %(number)s, %(state)s, %(why)s, %(by)s, %(at)s, %(run)s)
  ON CONFLICT DO NOTHING RETURNING ticket
)
UPDATE harness_care.ticket SET state = %(state)s, changed = to_timestamp(%(at)s),
  attempts = %(attempts)s, run = coalesce(%(run)s, run)
WHERE id IN (SELECT ticket FROM moved)
"""
CHANGES = """
SELECT id, subject, ticket, run, kind, commit, summary, held, state, message, by,
  extract(epoch FROM at)::float8, stage
FROM harness_care.change
WHERE (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(run)s::text IS NULL OR run = %(run)s)
  AND (%(id)s::text IS NULL OR id = %(id)s)
  AND at > to_timestamp(%(after)s) ORDER BY at DESC LIMIT %(limit)s
"""
BEGIN_CHANGE = """
INSERT INTO harness_care.change (id, subject, ticket, run, kind, commit, summary, held,
  state, by)
SELECT %(id)s, %(subject)s, %(ticket)s, %(run)s, %(kind)s, %(commit)s, %(summary)s,
  %(held)s, 'started', %(by)s
WHERE (SELECT count(*) FROM harness_care.change WHERE subject = %(subject)s AND ticket IS NOT NULL
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

    async def find(self, id: str) -> Ticket | None:
        """Find a ticket."""
        rows = await self._database.fetch(TICKETS + " WHERE id = %s", (id,))
        names = [field.name for field in fields(Ticket)]
        return Ticket(**dict(zip(names, rows[0], strict=True))) if rows else None

    async def list(
        self,
        *,
        subject: str | None = None,
        states: Sequence[str] | None = None,
        limit: int = 50,
    ) -> list[Ticket]:
        """List tickets, the last changed first."""
        values = {
            "subject": subject, "states": None if states is None else list(states),
            "limit": limit,
        }  # fmt: skip
        names = [field.name for field in fields(Ticket)]
        rows = await self._database.fetch(LIST, values)
        return [Ticket(**dict(zip(names, row, strict=True))) for row in rows]

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
        move = request.move
        values = {
            "ticket": request.ticket, "workflow_run": workflow_run, "number": request.number,
            "state": move.state, "why": move.why, "by": move.by, "at": move.at, "run": move.run,
            "attempts": request.attempts,
        }  # fmt: skip
        await self._database.fetch(SAVE_MOVE, values)

    async def list_moves(self, id: str) -> Sequence[MoveRow]:
        """List what happened to a ticket, in order."""
        rows = await self._database.fetch(
            "SELECT state, why, by, at, run FROM harness_care.ticket_move WHERE ticket = %s "
            "ORDER BY at, number",
            (id,),
        )
        names = ("state", "why", "by", "at", "run")
        return [MoveRow(**dict(zip(names, row, strict=True))) for row in rows]

    async def add_note(self, ticket: str, note: Note) -> None:
        """Add a note; again with the same id changes nothing."""
        await self._database.fetch(
            "INSERT INTO harness_care.note (id, ticket, kind, text, evidence, by, run) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (
                note.id, ticket, note.kind, note.text,
                None if note.evidence is None else Jsonb(note.evidence), note.by, note.run,
            ),
        )  # fmt: skip

    async def remove_note(self, id: str) -> None:
        """Remove a note, if it exists."""
        await self._database.fetch("DELETE FROM harness_care.note WHERE id = %s", (id,))

    async def list_notes(self, ticket: str, kind: NoteKind | None = None) -> Sequence[Note]:
        """List the notes on a ticket, in order."""
        rows = await self._database.fetch(
            "SELECT id, kind, text, by, extract(epoch FROM at)::float8, evidence, run "
            "FROM harness_care.note WHERE ticket = %s AND coalesce(%s, kind) = kind ORDER BY at",
            (ticket, kind),
        )
        names = ("id", "kind", "text", "by", "at", "evidence", "run")
        return [Note(**dict(zip(names, row, strict=True))) for row in rows]

    async def begin_change(self, change: ChangeRow, most: int) -> str | None:
        """Note that a change begins; returns its state, `started` unless it was made before. None:
        the subject had as many changes of agents as it may have in a day."""
        values: dict[str, Any] = {
            "id": change.id, "subject": change.subject, "ticket": change.ticket, "run": change.run,
            "kind": change.kind, "commit": change.commit,
            "summary": change.summary, "held": list(change.held), "by": change.by, "most": most,
        }  # fmt: skip
        rows = await self._database.fetch(BEGIN_CHANGE, values)
        return rows[0][0] if rows else None

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
        run: str | None = None,
        id: str | None = None,
        after: float = 0.0,
        limit: int = 1_000,
    ) -> Sequence[ChangeRow]:
        """List changes, the newest first."""
        which = {"subject": subject, "run": run, "id": id, "after": after, "limit": limit}
        names = [field.name for field in fields(ChangeRow)]
        found = list[ChangeRow]()
        for row in await self._database.fetch(CHANGES, which):
            values: dict[str, Any] = dict(zip(names, row, strict=True))
            values["held"] = tuple(values["held"])
            found.append(ChangeRow(**values))
        return found
