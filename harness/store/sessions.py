"""Which run of a session is its last: a pointer, so that nobody has to search the engine.

The engine decides whether that run is still going.
"""

from __future__ import annotations

from harness.contracts.errors import ContentCorrupt
from harness.store.database import Database

MOST_RUNS = 1_000_000
"""Of one session. A number beyond that was not counted by us, and would be counted up to."""


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, session: str) -> int:
        """The number of the session's last run; 0 where it has none."""
        rows = await self._database.fetch(
            "SELECT last FROM harness.session WHERE id = %s", (session,)
        )
        return _checked(session, rows[0][0]) if rows else 0

    async def advance(self, session: str, number: int) -> int:
        """Say that run `number` began; the greatest one said wins and is returned."""
        rows = await self._database.fetch(
            "INSERT INTO harness.session (id, last) VALUES (%s, %s) "
            "ON CONFLICT (id) DO UPDATE SET updated = now(), "
            "last = greatest(session.last, excluded.last) RETURNING last",
            (session, number),
        )
        return _checked(session, rows[0][0])


def _checked(session: str, last: int) -> int:
    if not 0 <= last <= MOST_RUNS:
        raise ContentCorrupt(
            f"Session {session!r} has {last:,} as the number of its last run; the most is "
            f"{MOST_RUNS:,}.",
            fix="Set `last` of that row in harness.session to the number of its newest run.",
        )
    return last
