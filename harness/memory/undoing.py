"""Withdraw what was extracted from a run, when the run is undone. What its tools remembered is in
the ledger of effects, and undone with it."""

from __future__ import annotations

from harness.contracts.errors import RunNotFound
from harness.engine.connection import Connection
from harness.history.owner import read_owner
from harness.memory.client import Memories

LEARNED = """
SELECT DISTINCT run FROM harness_memory.entry WHERE namespace = %s AND run = ANY(%s) ORDER BY run
"""


async def withdraw_learned(
    connection: Connection, run: str, *, by: str, to_turn: int | None = None
) -> None:
    """Withdraw it, and what was extracted from the runs below that the undo reaches. Extraction
    follows the last turn, so an undo of any turn withdraws it."""
    below = await connection.stores.children.find_below(run, to_turn)
    found = await connection.database.fetch(
        LEARNED, (connection.endpoints.namespace, [run, *below])
    )
    for (taught,) in found:
        try:
            owner = await read_owner(connection, taught)
        except RunNotFound:
            continue
        await Memories(connection, owner).withdraw_run(taught, by=by, source="extraction")
