"""Withdraw what was extracted from a run, when the run is undone."""

from __future__ import annotations

from harness.engine.connection import Connection
from harness.history.owner import read_owner
from harness.memory.client import Memories
from harness_activities.guard import Guard


async def withdraw_learned(connection: Connection, guard: Guard, run: str) -> None:
    """Withdraw it, unless the undo is a dry run. Extraction follows the last turn, so an undo of
    any turn withdraws it."""
    spec = await guard.find_undo()
    if spec.dry_run:
        return
    memories = Memories(connection, await read_owner(connection, run))
    await memories.withdraw_run(run, by=spec.by or "undo", source="extraction")
