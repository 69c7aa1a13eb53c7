"""Delete the content of runs in every table except the chain of seals, which has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from harness.store.content_version import NOTE_FORGETTING
from harness.store.database import Database

# Without encryption, runs with equal content share nodes, which stay as long as one needs them.
NODES = """
DELETE FROM harness.node n WHERE n.id IN (
  SELECT head FROM harness.answer WHERE run = ANY(%(run_ids)s)
) AND NOT EXISTS (
  SELECT FROM harness.answer o WHERE o.head = n.id AND o.run <> ALL(%(run_ids)s)
)
"""
# The newest write of a machine may be among them, and must not be considered lost.
FLOOR = """
UPDATE harness.epoch SET floor = greatest(
  floor, (SELECT max(seq) FROM harness.effect WHERE run = ANY(%(runs)s)))
"""
STATEMENTS: dict[str, LiteralString] = {
    "node": NODES,
    "answer": "DELETE FROM harness.answer WHERE run = ANY(%(run_ids)s)",
    "effect": "DELETE FROM harness.effect WHERE run = ANY(%(runs)s)",
    "child": "DELETE FROM harness.child WHERE run = ANY(%(runs)s) OR above = ANY(%(runs)s)",
    "attempt": "DELETE FROM harness.attempt WHERE run = ANY(%(runs)s)",
    "live_output": "DELETE FROM harness.live_output WHERE run = ANY(%(runs)s)",
    "live_progress": "DELETE FROM harness.live_progress WHERE run = ANY(%(runs)s)",
}


async def executions_of(database: Database, runs: Sequence[str]) -> list[str]:
    """List executions of these runs that are in the archive."""
    rows = await database.fetch(
        "SELECT DISTINCT unnest(run_ids) FROM harness.seal WHERE run = ANY(%s)", (list(runs),)
    )
    return [row[0] for row in rows]


async def owned_artifacts(database: Database, owners: Sequence[str]) -> list[str]:
    """List artifacts that only these owners have."""
    rows = await database.fetch(
        "SELECT id FROM harness.artifact WHERE run = ANY(%s)", (list(owners),)
    )
    return [row[0] for row in rows]


async def delete_content(
    database: Database, runs: Sequence[str], run_ids: Sequence[str]
) -> dict[str, int]:
    """Delete content in one transaction; returns the number of rows by table."""
    values = {"runs": list(runs), "run_ids": list(run_ids)}
    deleted: dict[str, int] = {}
    async with database.connection() as connection, connection.transaction():
        await connection.execute(FLOOR, values)
        await connection.execute(NOTE_FORGETTING)
        for table, statement in STATEMENTS.items():
            cursor = await connection.execute(statement, values)
            deleted[table] = cursor.rowcount
    return deleted
