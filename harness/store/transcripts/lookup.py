"""Find nodes and answers of transcripts by what is known of them."""

from __future__ import annotations

from typing import NamedTuple

from harness.store.database import Database
from harness.store.transcripts.chain import WALK

ANSWER = """
SELECT a.call, a.head, a.reply, n.body FROM harness.answer a JOIN harness.node n ON n.id = a.head
WHERE a.run = %s AND a.turn = %s AND a.call >= 0 ORDER BY a.call DESC, a.seq DESC LIMIT 1
"""
WALKED = 200
"""Nodes a round trip."""


class StoredAnswer(NamedTuple):
    """A reply as it is stored, and the node that it made."""

    call: int
    head: str
    reply: bytes
    body: bytes


async def find_answer(database: Database, run_id: str, turn: int) -> StoredAnswer | None:
    """The last answer of a turn; None where it is not stored."""
    rows = await database.fetch(ANSWER, (run_id, turn))
    return StoredAnswer(*rows[0]) if rows else None


async def has_node(database: Database, id: str) -> bool:
    return bool(await database.fetch("SELECT 1 FROM harness.node WHERE id = %s", (id,)))


async def walk_back(database: Database, head: str) -> list[tuple[str, bytes]]:
    """Some nodes as they are stored, from `head` towards the first one; empty where it is gone."""
    return [(id, body) for id, body in await database.fetch(WALK, (head, WALKED))]
