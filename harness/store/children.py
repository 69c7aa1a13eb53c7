"""Which runs a run has started. Undoing a run undoes their effects too, so each row carries a MAC:
write access to the database is not enough to put a run below another one."""

from __future__ import annotations

from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.store.database import Database

PLACE = "child.child"
ADD = """
INSERT INTO harness.child (run, above, turn, mac) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
BELOW = """
WITH RECURSIVE below AS (
  SELECT run, above, turn, mac FROM harness.child WHERE above = %s AND turn > %s
  UNION SELECT c.run, c.above, c.turn, c.mac FROM harness.child c JOIN below b ON c.above = b.run
) SELECT run, above, turn, mac FROM below ORDER BY run
"""


class Children:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def add(self, run: str, above: str, turn: int) -> None:
        """Record that `above` starts `run` in this turn."""
        mac = self._vault.sign(_place(run, above, turn))
        await self._database.fetch(f"{ADD} RETURNING 1", (run, above, turn, mac))

    async def find_below(self, run: str, after_turn: int | None = None) -> list[str]:
        """Return all runs below a run, or those that it started after a turn and all below them."""
        rows = await self._database.fetch(BELOW, (run, -1 if after_turn is None else after_turn))
        for below, above, turn, mac in rows:
            self._vault.check_signed(mac, _place(below, above, turn))
        return [row[0] for row in rows]


def _place(run: str, above: str, turn: int) -> bytes:
    return place_of(PLACE, run, above, str(turn))
