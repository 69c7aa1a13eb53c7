"""The SQL of who looks at which run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from harness.store.database import Database

LAPSE_S = 30
"""A daemon that has not written for this long has crashed."""

NOTE = """
INSERT INTO harness_page.looking (namespace, run, socket, user_name, seen)
SELECT %s, each.run, each.socket, each.user_name, now()
FROM unnest(%s::text[], %s::text[], %s::text[]) AS each (run, socket, user_name)
ORDER BY each.run, each.socket
ON CONFLICT (namespace, run, socket) DO UPDATE SET seen = excluded.seen
"""
REMOVE = """
DELETE FROM harness_page.looking AS known
USING unnest(%s::text[], %s::text[]) AS each (run, socket)
WHERE known.namespace = %s AND known.run = each.run AND known.socket = each.socket
"""
# Skipped: what another daemon deletes at the same time.
REMOVE_LAPSED = """
DELETE FROM harness_page.looking WHERE ctid IN (
  SELECT ctid FROM harness_page.looking WHERE seen < now() - make_interval(secs => %s)
  FOR UPDATE SKIP LOCKED
)
"""
FIND = """
SELECT run, socket, user_name FROM harness_page.looking
WHERE namespace = %s AND run = ANY(%s) AND seen > now() - make_interval(secs => %s)
"""


class Look(NamedTuple):
    """A socket that follows who looks at a run."""

    run: str
    socket: str


class Looks:
    """Who looks at which run, as all daemons have written it."""

    def __init__(self, database: Database, namespace: str) -> None:
        self._database, self._namespace = database, namespace

    async def note(self, looks: Mapping[Look, str]) -> None:
        """Write that users look at runs now."""
        if looks:
            runs, sockets = [each.run for each in looks], [each.socket for each in looks]
            await self._database.fetch(NOTE, (self._namespace, runs, sockets, list(looks.values())))

    async def remove(self, looks: Collection[Look]) -> None:
        """Write that sockets have left."""
        if looks:
            runs, sockets = [each.run for each in looks], [each.socket for each in looks]
            await self._database.fetch(REMOVE, (runs, sockets, self._namespace))

    async def remove_lapsed(self) -> None:
        """Delete what daemons that have crashed left behind."""
        await self._database.fetch(REMOVE_LAPSED, (LAPSE_S,))

    async def find(self, runs: Collection[str]) -> dict[Look, str]:
        """Who looks at these runs."""
        if not runs:
            return {}
        rows = await self._database.fetch(FIND, (self._namespace, list(runs), LAPSE_S))
        return {Look(run, socket): user for run, socket, user in rows}
