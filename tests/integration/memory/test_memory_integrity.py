"""What somebody with write access to the database does to memories is noticed when they are read.

The attacks are those of agent-memory-integrity 0.6.3 (PyPI), T1 to T9, in SQL.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, LiteralString

import pytest

from harness.contracts.errors import MemoryTampered
from harness.contracts.memory import Trust
from harness.memory import checked
from harness.memory.client import Memories
from tests.integration.memory.conftest import fact

MINE: LiteralString = "owner = %(owner)s"
EDITS: dict[str, LiteralString] = {
    "T1 changed": f"UPDATE harness_memory.entry SET content = replace(content, 'Ada', 'Eve') "
    f"WHERE {MINE} AND seq = 3",
    "T2 truncated": f"DELETE FROM harness_memory.entry WHERE {MINE} AND seq > 3",
    "T3 deleted": f"DELETE FROM harness_memory.entry WHERE {MINE} AND seq = 3",
    "T4 swapped": f"UPDATE harness_memory.entry SET seq = -seq WHERE {MINE} AND seq = 2",
    "T5 forged": "INSERT INTO harness_memory.entry SELECT namespace, owner, 6, 'mem_forged', kind, "
    "target, scope, content, digest, fields, run, mac, mac, words FROM harness_memory.entry "
    f"WHERE {MINE} AND seq = 5",
    "T6 of another owner": "UPDATE harness_memory.entry e SET content = d.content, "
    "digest = d.digest, fields = d.fields, mac = d.mac FROM harness_memory.entry d "
    "WHERE d.owner = %(other)s AND d.seq = 5 AND e.owner = %(owner)s AND e.seq = 5",
    "T7 replayed": "UPDATE harness_memory.entry e SET content = d.content, digest = d.digest, "
    "fields = d.fields, previous = d.previous, mac = d.mac, id = e.id FROM harness_memory.entry d "
    "WHERE d.owner = %(owner)s AND d.seq = 1 AND e.owner = %(owner)s AND e.seq = 5",
    "T8 origin changed": "UPDATE harness_memory.entry SET fields = "
    f"replace(fields, 'untrusted', 'said') WHERE {MINE} AND seq = 3",
    "everything deleted": f"DELETE FROM harness_memory.entry WHERE {MINE}",
    "reach changed": f"UPDATE harness_memory.entry SET scope = 'run/x' WHERE {MINE} AND seq = 3",
    "text erased": f"UPDATE harness_memory.entry SET content = NULL WHERE {MINE} AND seq = 3",
    "head moved": f"UPDATE harness_memory.head SET seq = 4 WHERE {MINE}",
    "head deleted": f"DELETE FROM harness_memory.head WHERE {MINE}",
}


@pytest.fixture
def options(options: dict[str, Any]) -> dict[str, Any]:
    return {**options, "memory": {"embedder": ""}}


@pytest.fixture
async def five(memories: Memories) -> Memories:
    return await add_five(memories)


async def add_five(memories: Memories) -> Memories:
    """Five memories; the process that wrote them has ended since."""
    trusts: tuple[Trust, ...] = ("said", "said", "untrusted", "said", "said")
    for place, trust in enumerate(trusts):
        await memories.add(fact(f"Ada likes number {place}.", trust=trust))
    await memories.list()
    restart()
    return memories


def restart() -> None:
    """Forget what the process knows."""
    checked._shared.clear()  # pyright: ignore[reportPrivateUsage]


async def execute(memories: Memories, statement: LiteralString) -> None:
    values = {"owner": memories.owner, "other": f"{memories.owner}-else"}
    await memories.connection.database.fetch(statement, values)


async def test_edits_are_refused_on_read(memories: Memories) -> None:
    for place, edit in enumerate(EDITS):
        owner = f"{memories.owner}-{place}"
        await check_edit(await add_five(Memories(memories.connection, owner)), edit)


async def check_edit(five: Memories, edit: str) -> None:
    other = Memories(five.connection, f"{five.owner}-else")
    for place in range(5):
        await other.add(fact(f"Bob likes letter {place}."))
    await execute(five, EDITS[edit])
    with pytest.raises(MemoryTampered):
        await five.list()
    if edit != "reach changed":  # then the search does not reach it
        with pytest.raises(MemoryTampered):
            await five.search("Ada likes number Bob letter", limit=50)
    assert (await five.verify()).problems, edit
    await five.repair()
    assert not (await five.verify()).problems, edit
    assert all("Ada likes" in each.text for each in (await five.list()).memories)
    assert len((await other.list()).memories) == 5


async def copy_tables(memories: Memories) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table in ("entry", "head"):
        statement: LiteralString = f"SELECT * FROM harness_memory.{table} t WHERE {MINE}"  # pyright: ignore[reportAssignmentType]
        found[table] = await memories.connection.database.fetch(
            statement.replace("*", "to_jsonb(t)::text"), {"owner": memories.owner}
        )
    return found


async def restore_tables(memories: Memories, copy: dict[str, list[tuple[Any, ...]]]) -> None:
    await execute(memories, f"DELETE FROM harness_memory.entry WHERE {MINE}")
    await execute(memories, f"DELETE FROM harness_memory.head WHERE {MINE}")
    for table, rows in copy.items():
        for (row,) in rows:
            statement: LiteralString = (
                f"INSERT INTO harness_memory.{table} "  # pyright: ignore[reportAssignmentType]
                f"SELECT * FROM jsonb_populate_record(NULL::harness_memory.{table}, %(row)s::jsonb)"
            )
            await memories.connection.database.fetch(statement, {"row": row})


async def test_restored_older_copy_is_refused(five: Memories) -> None:
    copy = await copy_tables(five)
    await five.add(fact("Ada moved."))
    restart()
    await restore_tables(five, copy)
    with pytest.raises(MemoryTampered, match="older copy"):
        await five.list()
    with pytest.raises(MemoryTampered, match="older copy"):
        await five.add(fact("Ada moved again."))
    assert await five.repair() == 0
    assert len((await five.list()).memories) == 5


async def test_restored_copy_that_went_on_elsewhere_is_refused(
    five: Memories, tmp_path: Path
) -> None:
    copy = await copy_tables(five)
    await five.add(fact("Ada moved."))
    seen = next((tmp_path / ".harness" / "memory").iterdir())
    kept = seen.read_bytes()
    await restore_tables(five, copy)
    seen.unlink()  # a worker on another machine, which had seen less
    restart()
    await five.add(fact("Ada did not move."))
    await five.add(fact("Ada stays."))
    restart()
    seen.write_bytes(kept)
    with pytest.raises(MemoryTampered, match="not the one that was written"):
        await five.list()
