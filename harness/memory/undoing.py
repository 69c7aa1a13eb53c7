"""Withdraw what was extracted from a run, when the run is undone. What its tools remembered is in
the ledger of effects, and undone with it."""

from __future__ import annotations

from harness.contracts.errors import RunNotFound
from harness.engine.connection import Connection
from harness.history.owner import read_owner
from harness.memory.client import Memories

ANY = """
SELECT EXISTS (SELECT FROM harness_memory.entry WHERE namespace = %s AND run = %s)
"""


async def withdraw_learned(connection: Connection, run: str, *, by: str) -> None:
    """Withdraw it. Extraction follows the last turn, so an undo of any turn withdraws it."""
    found = await connection.database.fetch(ANY, (connection.endpoints.namespace, run))
    if not found[0][0]:
        return
    try:
        owner = await read_owner(connection, run)
    except RunNotFound:
        return
    await Memories(connection, owner).withdraw_run(run, by=by, source="extraction")
