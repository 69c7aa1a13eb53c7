"""The SQL of the audit: one list of what the tables of care have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from harness.care.audit.views import AuditEntry
from harness.care.invariants.silences import build_silences
from harness.care.states import AuditAction
from harness.care.tickets.rows import Note, Ticket, build_rows
from harness.care.tickets.store import TICKETS
from harness.care.views import SilenceView
from harness.store.database import Database

MAX_DIFF = 20_000
COLUMNS = (
    "id", "at", "action", "by", "subject", "ticket", "run", "name", "why", "approval", "commit",
    "diff", "result", "source", "execution",
)  # fmt: skip
MOVES: LiteralString = """
SELECT 'move/' || m.ticket || '/' || m.workflow_run || '/' || m.number AS id, m.at,
  'ticket' AS action, m.by, t.subject, m.ticket, m.run, m.state AS name, m.why,
  NULL AS approval, NULL AS commit, NULL AS diff, m.fields::text AS result,
  %(prefix)s || m.ticket AS source, m.workflow_run AS execution
FROM harness_care.ticket_move m JOIN harness_care.ticket t ON t.id = m.ticket
"""
# Who approved a change: the approval of its run that is nearest to it in time.
CHANGES: LiteralString = """
SELECT 'change/' || c.id, extract(epoch FROM c.at)::float8, c.kind, c.by, c.subject, c.ticket,
  c.run, NULL, c.summary,
  (SELECT m.by FROM harness_care.ticket_move m
   WHERE m.ticket = c.ticket AND m.run = c.run AND m.state = 'approved'
   ORDER BY abs(m.at - extract(epoch FROM c.at)::float8) LIMIT 1),
  c.commit,
  (SELECT left(n.evidence ->> 'diff', %(max_diff)s) FROM harness_care.note n
   WHERE n.ticket = c.ticket AND n.kind = 'proposal' AND n.evidence ->> 'commit' = c.commit
   LIMIT 1),
  c.state || CASE c.message WHEN '' THEN '' ELSE ': ' || c.message END, c.run, NULL
FROM harness_care.change c
"""
NOTES: LiteralString = """
SELECT 'note/' || n.id, extract(epoch FROM n.at)::float8,
  CASE n.kind WHEN 'pin' THEN 'evidence' WHEN 'comment' THEN 'commented' ELSE n.kind END,
  n.by, t.subject, n.ticket, n.run, n.id, n.text, NULL, n.evidence ->> 'commit',
  left(n.evidence ->> 'diff', %(max_diff)s), n.evidence ->> 'verdict', n.run, NULL
FROM harness_care.note n JOIN harness_care.ticket t ON t.id = n.ticket
WHERE n.run IS NOT NULL
"""
ACTS: LiteralString = """
SELECT 'act/' || id, at, kind, by, subject, ticket, NULL, name, why, NULL, NULL, NULL, NULL,
  %(prefix)s || 'act.' || id, NULL
FROM harness_care.act
"""
LIST: LiteralString = f"""
SELECT * FROM ({MOVES} UNION ALL {CHANGES} UNION ALL {NOTES} UNION ALL {ACTS}) AS entry
WHERE (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(ticket)s::text IS NULL OR ticket = %(ticket)s)
  AND (%(by)s::text IS NULL OR by = %(by)s OR approval = %(by)s)
  AND (%(action)s::text IS NULL OR action = %(action)s)
  AND at >= %(since)s
  AND (%(before)s::float8 IS NULL OR (at, id) < (%(before)s, %(last)s))
ORDER BY at DESC, id DESC LIMIT %(limit)s
"""


# The newest move has the state; the newest one that names a field has that field.
ODD: LiteralString = """
SELECT id, concat_ws(', ', CASE WHEN t.state <> m.state THEN 'state' END,
  CASE WHEN t.priority IS DISTINCT FROM p.value THEN 'priority' END,
  CASE WHEN t.assignee IS DISTINCT FROM nullif(a.value, '') THEN 'assignee' END)
FROM harness_care.ticket t
JOIN LATERAL (SELECT state FROM harness_care.ticket_move WHERE ticket = t.id
  ORDER BY at DESC, number DESC LIMIT 1) m ON true
LEFT JOIN LATERAL (SELECT fields ->> 'priority' AS value FROM harness_care.ticket_move
  WHERE ticket = t.id AND fields ? 'priority' ORDER BY at DESC, number DESC LIMIT 1) p ON true
LEFT JOIN LATERAL (SELECT fields ->> 'assignee' AS value FROM harness_care.ticket_move
  WHERE ticket = t.id AND fields ? 'assignee' ORDER BY at DESC, number DESC LIMIT 1) a ON true
WHERE (%(ticket)s::text IS NULL OR t.id = %(ticket)s) AND (t.state <> m.state
  OR t.priority IS DISTINCT FROM p.value OR t.assignee IS DISTINCT FROM nullif(a.value, ''))
LIMIT 1000
"""


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Conditions that all have to hold; those that are None hold for every entry."""

    subject: str | None = None
    ticket: str | None = None
    by: str | None = None
    """Who did it, or approved it."""
    action: AuditAction | None = None
    since: float = 0.0


class AuditStore:
    """Reads the tables of care as one list."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, which: AuditFilter, prefix: str, limit: int, after: tuple[float, str] | None
    ) -> list[AuditEntry]:
        """List entries, the newest first. `prefix`: how the ids of workflows begin."""
        before, last = after or (None, None)
        values = {
            **vars(which), "prefix": prefix, "limit": limit, "before": before, "last": last,
            "max_diff": MAX_DIFF,
        }  # fmt: skip
        rows = await self._database.fetch(LIST, values)
        return [AuditEntry(**dict(zip(COLUMNS, row, strict=True))) for row in rows]

    async def read_moves(self, ticket: str, execution: str) -> dict[int, dict[str, Any]]:
        """Read the moves of one execution of a ticket's workflow by their numbers."""
        rows = await self._database.fetch(
            "SELECT number, state, why, by, at, run, event, fields FROM harness_care.ticket_move "
            "WHERE ticket = %s AND workflow_run = %s",
            (ticket, execution),
        )
        names = ("state", "why", "by", "at", "run", "event", "fields")
        return {number: dict(zip(names, row, strict=True)) for number, *row in rows}

    async def list_odd_tickets(self, ticket: str | None) -> list[tuple[str, str]]:
        """List tickets that are not as their moves say, with what differs."""
        return [(id, what) for id, what in await self._database.fetch(ODD, {"ticket": ticket})]

    async def list_tickets(self, ticket: str | None) -> Sequence[Ticket]:
        """List all tickets, or one."""
        which = {"ticket": ticket}
        rows = await self._database.fetch(
            TICKETS + " WHERE %(ticket)s::text IS NULL OR id = %(ticket)s ORDER BY id", which
        )
        return build_rows(Ticket, rows)

    async def list_executions(self, ticket: str) -> list[str]:
        """List the executions of a ticket's workflow that its moves name."""
        rows = await self._database.fetch(
            "SELECT DISTINCT workflow_run FROM harness_care.ticket_move WHERE ticket = %s",
            (ticket,),
        )
        return [execution for (execution,) in rows]

    async def read_acts(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Read acts by their ids."""
        names = ("id", "kind", "subject", "ticket", "name", "by", "why", "digest", "at")
        rows = await self._database.fetch(
            "SELECT id, kind, subject, ticket, name, by, why, digest, at FROM harness_care.act "
            "WHERE id = ANY(%s)",
            (list(ids),),
        )
        return {row[0]: dict(zip(names, row, strict=True)) for row in rows}

    async def list_silences(self) -> list[SilenceView]:
        """List all silences, those that are over too."""
        rows = await self._database.fetch(
            "SELECT id, subject, name, extract(epoch FROM until)::float8, reason, by "
            "FROM harness_care.silence"
        )
        return build_silences(rows)

    async def list_notes_of_people(self) -> list[tuple[str, Note]]:
        """List the notes of people, each with its ticket."""
        rows = await self._database.fetch(
            "SELECT ticket, id, kind, text, by, extract(epoch FROM at)::float8, evidence, run "
            "FROM harness_care.note WHERE run IS NULL"
        )
        notes = build_rows(Note, [row[1:] for row in rows])
        return [(row[0], note) for row, note in zip(rows, notes, strict=True)]

    async def list_sealed(self, prefix: str, namespace: str, since: float) -> list[tuple[str, str]]:
        """List the workflows of care that the archive has, with their last executions."""
        rows = await self._database.fetch(
            "SELECT run, run_ids[array_upper(run_ids, 1)] FROM harness.seal "
            "WHERE namespace = %s AND starts_with(run, %s) AND content IS NOT NULL "
            "AND kind IN ('sealed', 'imported') AND (ended IS NULL OR ended >= to_timestamp(%s))",
            (namespace, prefix, since),
        )
        return [(run, execution) for run, execution in rows]
