"""Deleting what runs said, in every table but the chain of seals, which holds none of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from harness.store.database import Database

# Without encryption two runs that said the same share a node: it stays as long as one needs it.
NODES = """
DELETE FROM harness.node n WHERE n.id IN (
  SELECT head FROM harness.answer WHERE run = ANY(%(run_ids)s)
) AND NOT EXISTS (
  SELECT FROM harness.answer o WHERE o.head = n.id AND o.run <> ALL(%(run_ids)s)
)
"""
# The newest write of a machine may be among them, and must not look as if it had been lost.
FLOOR = """
UPDATE harness.epoch SET floor = greatest(
  floor, (SELECT max(seq) FROM harness.effect WHERE run = ANY(%(runs)s)))
"""
STATEMENTS: dict[str, LiteralString] = {
    "node": NODES,
    "answer": "DELETE FROM harness.answer WHERE run = ANY(%(run_ids)s)",
    "effect": "DELETE FROM harness.effect WHERE run = ANY(%(runs)s)",
    "attempt": "DELETE FROM harness.attempt WHERE run = ANY(%(runs)s)",
    "live_output": "DELETE FROM harness.live_output WHERE run = ANY(%(runs)s)",
    "live_progress": "DELETE FROM harness.live_progress WHERE run = ANY(%(runs)s)",
}


async def executions_of(database: Database, runs: Sequence[str]) -> list[str]:
    """Histories of runs that the archive knows."""
    rows = await database.fetch(
        "SELECT DISTINCT unnest(run_ids) FROM harness.seal WHERE run = ANY(%s)", (list(runs),)
    )
    return [row[0] for row in rows]


async def owned_artifacts(database: Database, owners: Sequence[str]) -> list[str]:
    """Artifacts that belong to them alone."""
    rows = await database.fetch(
        "SELECT id FROM harness.artifact WHERE run = ANY(%s)", (list(owners),)
    )
    return [row[0] for row in rows]


async def delete_content(
    database: Database, runs: Sequence[str], run_ids: Sequence[str]
) -> dict[str, int]:
    """All of it or nothing; how many rows went, by table."""
    values = {"runs": list(runs), "run_ids": list(run_ids)}
    deleted: dict[str, int] = {}
    async with database.connection() as connection, connection.transaction():
        await connection.execute(FLOOR, values)
        for table, statement in STATEMENTS.items():
            cursor = await connection.execute(statement, values)
            deleted[table] = cursor.rowcount
    return deleted
