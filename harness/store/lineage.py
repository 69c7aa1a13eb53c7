"""Which runs belong to which family. A family is forgotten as a whole, and its key with it, so each
row carries a MAC: nobody who can only write to the database makes one run go with another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.store.database import Database

if TYPE_CHECKING:
    from harness.crypto.vault import Vault

PLACE = "lineage.lineage"


async def add_member(database: Database, vault: Vault, run: str, family: str) -> bool:
    """False where the run was in the family before."""
    rows = await database.fetch(
        "INSERT INTO harness.lineage (run, lineage, mac) VALUES (%s, %s, %s) "
        "ON CONFLICT DO NOTHING RETURNING 1",
        (run, family, vault.sign(_place(run, family))),
    )
    return bool(rows)


async def remove_member(database: Database, run: str) -> None:
    await database.fetch("DELETE FROM harness.lineage WHERE run = %s", (run,))


async def find_family(database: Database, vault: Vault, run: str) -> str | None:
    """None for a run that has joined none."""
    query = "SELECT run, lineage, mac FROM harness.lineage WHERE run = %s"
    rows = _checked(vault, await database.fetch(query, (run,)))
    return rows[0][1] if rows else None


async def find_members(database: Database, vault: Vault, family: str) -> list[str]:
    query = "SELECT run, lineage, mac FROM harness.lineage WHERE lineage = %s ORDER BY run"
    return [run for run, _ in _checked(vault, await database.fetch(query, (family,)))]


def _checked(vault: Vault, rows: list[tuple[str, str, str | None]]) -> list[tuple[str, str]]:
    for run, family, mac in rows:
        vault.check_signed(mac, _place(run, family))
    return [(run, family) for run, family, _ in rows]


def _place(run: str, family: str) -> bytes:
    from harness.crypto.vault import place_of

    return place_of(PLACE, run, family)
