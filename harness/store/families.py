"""Which runs belong to which family. A family is forgotten as a whole, with its key, so each row
carries a MAC: write access to the database is not enough to add a run to a family."""

from __future__ import annotations

from collections.abc import Sequence

from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.store.database import Database

PLACE = "lineage.lineage"


class Families:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_member(self, vault: Vault, run: str, family: str) -> bool:
        """Add a run to a family; False if it was in the family before."""
        rows = await self._database.fetch(
            "INSERT INTO harness.lineage (run, lineage, mac) VALUES (%s, %s, %s) "
            "ON CONFLICT DO NOTHING RETURNING 1",
            (run, family, vault.sign(place_of(PLACE, run, family))),
        )
        return bool(rows)

    async def remove_member(self, run: str) -> None:
        await self._database.fetch("DELETE FROM harness.lineage WHERE run = %s", (run,))

    async def find_family(self, vault: Vault, run: str) -> str | None:
        """Return the family of a run; None if it has none."""
        query = "SELECT run, lineage, mac FROM harness.lineage WHERE run = %s"
        rows = _check_rows(vault, await self._database.fetch(query, (run,)))
        return rows[0][1] if rows else None

    async def find_members(self, vault: Vault, family: str) -> list[str]:
        query = "SELECT run, lineage, mac FROM harness.lineage WHERE lineage = %s ORDER BY run"
        return [run for run, _ in _check_rows(vault, await self._database.fetch(query, (family,)))]

    async def find_keyed(self, families: Sequence[str]) -> list[str]:
        """Return the families among these that have had a key."""
        query = "SELECT family FROM harness.key WHERE family = ANY(%s)"
        return [family for (family,) in await self._database.fetch(query, (list(families),))]

    async def note_key(self, family: str) -> None:
        await self._database.fetch(
            "INSERT INTO harness.key (family) VALUES (%s) ON CONFLICT DO NOTHING", (family,)
        )

    async def has_keys(self) -> bool:
        return bool(await self._database.fetch("SELECT 1 FROM harness.key LIMIT 1"))


def _check_rows(vault: Vault, rows: list[tuple[str, str, str | None]]) -> list[tuple[str, str]]:
    for run, family, mac in rows:
        vault.check_signed(mac, place_of(PLACE, run, family))
    return [(run, family) for run, family, _ in rows]
