"""Find stored nodes and answers of transcripts."""

from __future__ import annotations

from typing import NamedTuple

from harness.store.database import Database
from harness.store.transcripts.chain import WALK

ANSWER = """
SELECT a.call, a.head, a.reply, n.body FROM harness.answer a JOIN harness.node n ON n.id = a.head
WHERE a.run = %s AND a.turn = %s AND a.call >= 0 ORDER BY a.call DESC, a.seq DESC LIMIT 1
"""
WALKED = 200
"""Nodes per round trip."""


class StoredAnswer(NamedTuple):
    """A reply as it is stored, and the node it made."""

    call: int
    head: str
    reply: bytes
    body: bytes


async def find_answer(database: Database, run_id: str, turn: int) -> StoredAnswer | None:
    """Find the last answer of a turn; None if it is not stored."""
    rows = await database.fetch(ANSWER, (run_id, turn))
    return StoredAnswer(*rows[0]) if rows else None


async def has_node(database: Database, id: str) -> bool:
    return bool(await database.fetch("SELECT 1 FROM harness.node WHERE id = %s", (id,)))


async def find_node(database: Database, id: str) -> bytes | None:
    """Read a node as it is stored; None if it is not."""
    rows = await database.fetch("SELECT body FROM harness.node WHERE id = %s", (id,))
    return rows[0][0] if rows else None


async def walk_back(database: Database, head: str) -> list[tuple[str, bytes]]:
    """Read stored nodes from `head` towards the first one; empty if `head` is missing."""
    return [(id, body) for id, body in await database.fetch(WALK, (head, WALKED))]
