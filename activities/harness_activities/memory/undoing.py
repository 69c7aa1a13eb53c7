"""Withdraw what was extracted from a run and from those below it, for its undo."""

from __future__ import annotations

from harness.engine.connection import Connection
from harness.memory.undoing import withdraw_learned
from harness_activities.guard import Guard


async def withdraw_for_undo(connection: Connection, guard: Guard, run: str) -> None:
    """Withdraw it, unless the undo is a dry run."""
    spec = await guard.find_undo()
    if not spec.dry_run:
        await withdraw_learned(connection, run, by=spec.by or "undo", to_turn=spec.to_turn)
