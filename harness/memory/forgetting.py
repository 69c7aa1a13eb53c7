"""Forget what runs taught, when the runs are forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from harness.commons.log import get_logger
from harness.contracts.errors import MemoryTampered
from harness.engine.connection import Connection
from harness.memory.client import Memories

OWNERS = """
SELECT DISTINCT owner, run FROM harness_memory.entry
WHERE namespace = %s AND run = ANY(%s::text[]) AND kind = 'fact' AND content IS NOT NULL
"""
ERASE = """
UPDATE harness_memory.entry SET content = NULL, words = NULL
WHERE namespace = %s AND owner = %s AND run = %s AND kind = 'fact'
"""


async def forget_memories(connection: Connection, runs: Sequence[str], *, by: str) -> int:
    """Erase the memories of runs, of all owners; returns how many there were."""
    namespace = connection.endpoints.namespace
    erased = 0
    for owner, run in await connection.database.fetch(OWNERS, (namespace, list(runs))):
        try:
            erased += await Memories(connection, owner).forget_run(run, by=by)
        except MemoryTampered as error:
            # Refused when it is read, but its text must go all the same.
            get_logger(__name__).warning("erased without a record", owner=owner, why=error.message)
            await connection.database.fetch(ERASE, (namespace, owner, run))
    return erased
