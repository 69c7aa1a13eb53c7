"""What happened to a subject, on the time axis of its curves: what commands, routes and the page
call."""

from __future__ import annotations

import time
from pathlib import Path

from harness.care.query_views import Moment, MomentList
from harness.care.repair.git import list_commits, open_clone
from harness.care.subjects.registry import find_subject
from harness.contracts.errors import HarnessError
from harness.engine.connection import Connection

MOST = 200
LONGEST_S = 90 * 86_400.0
MOMENTS = """
SELECT at, kind, text, id FROM (
  SELECT extract(epoch FROM at)::float8 AS at, kind, state || ': ' || summary AS text, id
  FROM harness_care.change WHERE subject = %(subject)s
  UNION ALL
  SELECT extract(epoch FROM opened)::float8, 'ticket', title, id
  FROM harness_care.ticket WHERE subject = %(subject)s
  UNION ALL
  SELECT m.at, CASE m.state WHEN 'investigating' THEN 'run' ELSE m.state END, m.why, t.id
  FROM harness_care.ticket_move m JOIN harness_care.ticket t ON t.id = m.ticket
  WHERE t.subject = %(subject)s AND m.state IN ('investigating', 'resolved', 'reopened')
  UNION ALL
  SELECT extract(epoch FROM added)::float8, 'silence', coalesce(name, 'all') || ': ' || reason, id
  FROM harness_care.silence WHERE subject = %(subject)s
) AS found
WHERE at BETWEEN %(start)s AND %(end)s ORDER BY at DESC LIMIT %(most)s
"""


async def list_moments(
    connection: Connection, subject: str, start: float | None, end: float | None
) -> MomentList:
    """List deploys, restarts, commits, tickets, runs of agents and silences, the oldest first.

    Raises:
        SubjectNotFound: There is no such subject.
    """
    stored = await find_subject(connection, subject)
    end = time.time() if end is None else end
    start = max(end - LONGEST_S, end - 3_600 if start is None else start)
    values = {"subject": subject, "start": start, "end": end, "most": MOST}
    found = [
        Moment(at=at, kind=kind, text=text, id=id)
        for at, kind, text, id in await connection.database.fetch(MOMENTS, values)
    ]
    for commit, at, author, title in await _read_commits(Path(stored.folder), start):
        if at <= end:
            found.append(Moment(at=at, kind="commit", text=f"{title} ({author})", id=commit))
    found.sort(key=lambda each: each.at)
    return MomentList(moments=found[-MOST:])


async def _read_commits(folder: Path, start: float) -> list[tuple[str, float, str, str]]:
    try:
        return await list_commits(await open_clone(folder), start)
    except HarnessError:
        return []  # the folder is on another machine, or no repository
