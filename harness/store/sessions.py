"""The last run of each session: a pointer that spares a search in Temporal.

Temporal decides whether that run is still running.
"""

from __future__ import annotations

from harness.contracts.errors import ContentCorrupt
from harness.store.database import Database

MOST_RUNS = 1_000_000
"""Most runs of one session. A larger number was not written by harness."""


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_last(self, session: str) -> int:
        """Return the number of the session's last run; 0 if it has none."""
        rows = await self._database.fetch(
            "SELECT last FROM harness.session WHERE id = %s", (session,)
        )
        return _check_last(session, rows[0][0]) if rows else 0

    async def advance_last(self, session: str, number: int) -> int:
        """Record that run `number` began; returns the greatest number recorded."""
        rows = await self._database.fetch(
            "INSERT INTO harness.session (id, last) VALUES (%s, %s) "
            "ON CONFLICT (id) DO UPDATE SET updated = now(), "
            "last = greatest(session.last, excluded.last) RETURNING last",
            (session, number),
        )
        return _check_last(session, rows[0][0])


def _check_last(session: str, last: int) -> int:
    if not 0 <= last <= MOST_RUNS:
        raise ContentCorrupt(
            f"Session {session!r} has the last run {last:,}; the most is {MOST_RUNS:,}.",
            fix="Set `last` of that row in harness.session to the number of its newest run.",
        )
    return last
