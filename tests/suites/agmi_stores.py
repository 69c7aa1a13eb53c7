"""Adapters of agent-memory-integrity (PyPI): how its nine edits reach our stores, and how each
store is asked whether it is intact.

Run by `tests/e2e/memory/test_agent_memory_integrity.py`. A record of the suite is a row of the
table here, with all its columns, so that an edit is as strong as somebody with write access to the
database can make it.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
import uuid
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
from agmi.adapters.base import MemoryAdapter, Record

from harness import Harness
from harness.config.settings import settings_model
from harness.contracts.errors import HarnessError, MemoryTampered
from harness.memory.client import Memories
from harness.memory.rows import Origin
from harness.memory.writing import Fact

SETTINGS: dict[str, Any] = json.loads(os.environ["SUITE_SETTINGS"])
Row = dict[str, Any]


class Rows:
    """Rows of one table, read and written past harness."""

    def __init__(
        self, url: str, table: str, *, where: str, unique: str, order: str = "seq"
    ) -> None:
        self.table, self.where, self.unique, self.order = table, where, unique, order
        self._connection = psycopg.connect(url, autocommit=True)

    def read(self, value: str) -> list[Row]:
        statement = f"SELECT to_jsonb(t) FROM {self.table} t WHERE {self.where} = %s "
        statement += f"ORDER BY {self.order}"
        return [row for (row,) in self._connection.execute(statement, (value,)).fetchall()]

    def put(self, row: Row) -> None:
        """Put a row in its place, whatever is there. If its unique value is elsewhere, the row
        there gets the one that is replaced: so two rows can be swapped."""
        place = (row[self.where], row["seq"])
        at = f"{self.where} = %s AND seq = %s"
        with self._connection.transaction():
            found = self._connection.execute(
                f"DELETE FROM {self.table} WHERE {at} RETURNING {self.unique}", place
            ).fetchone()
            if found is not None:
                self._connection.execute(
                    f"UPDATE {self.table} SET {self.unique} = %s WHERE {self.where} = %s "
                    f"AND {self.unique} = %s",
                    (found[0], row[self.where], row[self.unique]),
                )
            self._insert(row)

    def delete(self, value: str, seq: int) -> None:
        statement = f"DELETE FROM {self.table} WHERE {self.where} = %s AND seq = %s"
        self._connection.execute(statement, (value, seq))

    def restore(self, value: str, rows: list[Row]) -> None:
        with self._connection.transaction():
            self._connection.execute(f"DELETE FROM {self.table} WHERE {self.where} = %s", (value,))
            for row in rows:
                self._insert(row)

    def close(self) -> None:
        self._connection.close()

    def _insert(self, row: Row) -> None:
        self._connection.execute(
            f"INSERT INTO {self.table} "
            f"SELECT * FROM jsonb_populate_record(NULL::{self.table}, %s::jsonb)",
            (json.dumps(row),),
        )


class StoreAdapter(MemoryAdapter):
    """What the adapters share: a project folder that outlives a restart, and its connection."""

    supports_replay = supports_metadata = supports_snapshot = True

    def setup(self) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.other = f"{self.id}-other"
        self._loop = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory(prefix="harness-agmi-")
        self._open()

    def teardown(self) -> None:
        self.run(self._opened.aclose())
        self._loop.close()
        self._folder.cleanup()

    def reload(self) -> None:
        """A new connection knows nothing of what the one before has read."""
        self.run(self._opened.aclose())
        self._open()

    def run(self, work: Any) -> Any:
        return self._loop.run(work)

    def _open(self) -> None:
        self._opened = AsyncExitStack()
        settings = settings_model().model_validate(SETTINGS)
        opening = Harness.connect(project=Path(self._folder.name), settings=settings)
        self.harness = self.run(self._opened.enter_async_context(opening))


class MemoryStore(StoreAdapter):
    """The memories of an owner. Asked by reading: a list and a search, as agents read them."""

    name = "harness memory"
    detection_point = "read"

    def setup(self) -> None:
        super().setup()
        url = SETTINGS["database"]["url"]
        self._rows = Rows(url, "harness_memory.entry", where="owner", unique="id")
        self._head = Rows(url, "harness_memory.head", where="owner", unique="mac")

    def teardown(self) -> None:
        self._rows.close()
        self._head.close()
        super().teardown()

    def seed(self, n: int) -> None:
        for place in range(n):
            self._add(self.id, f"Ada likes number {place}.")

    def seed_other(self, n: int) -> None:
        for place in range(n):
            self._add(self.other, f"Bob likes letter {place}.")

    def append_genuine(self) -> None:
        self._add(self.id, "Ada moved to Rome.")

    def _add(self, owner: str, text: str) -> None:
        origin = Origin(source="person", trust="said", made=time.time(), by=owner)
        fact = Fact(text=text, lane="owner", origin=origin)
        self.run(Memories(self.harness.connection, owner).add(fact))

    # --- past harness

    def read_all_raw(self) -> list[Record]:
        return [Record(seq=row["seq"], fields=row) for row in self._rows.read(self.id)]

    def read_other_raw(self) -> list[Record]:
        return [Record(seq=row["seq"], fields=row) for row in self._rows.read(self.other)]

    def write_raw(self, record: Record) -> None:
        self._rows.put({**record.fields, "seq": record.seq})

    def delete_raw(self, seq: int) -> None:
        self._rows.delete(self.id, seq)

    def mutate_payload(self, record: Record) -> Record:
        record.fields["content"] = record.fields["content"].replace("Ada", "Eve")
        return record

    def forge_record(self, template: Record) -> Record:
        made = {"id": "mem_" + "f" * 24, "previous": template.fields["mac"]}
        forged = Record(seq=template.seq + 1, fields={**template.fields, **made})
        return self.mutate_payload(forged)

    def replay_onto(self, victim_seq: int, donor: Record) -> None:
        [victim] = [each for each in self.read_all_raw() if each.seq == victim_seq]
        kept = {key: victim.fields[key] for key in ("namespace", "owner", "seq", "id")}
        self._rows.put({**donor.fields, **kept})

    def read_meta(self, seq: int) -> dict[str, Any]:
        return json.loads(self._find(seq)["fields"])

    def write_meta(self, seq: int, meta: dict[str, Any]) -> None:
        self._rows.put({**self._find(seq), "fields": json.dumps(meta)})

    def snapshot_store(self) -> object:
        return self._rows.read(self.id), self._head.read(self.id)

    def restore_store(self, token: Any) -> None:
        rows, head = token
        self._rows.restore(self.id, rows)
        self._head.restore(self.id, head)

    def identity_of(self, record: Record) -> str:
        return f"{record.fields['owner']}/{record.fields['seq']}"

    def payload_of(self, record: Record) -> str:
        return record.fields["content"]

    def owner_of(self, record: Record) -> str:
        return record.fields["owner"]

    def _find(self, seq: int) -> Row:
        return next(row for row in self._rows.read(self.id) if row["seq"] == seq)

    # --- by reading

    def verify(self) -> bool:
        self.verify_detail = None
        memories = Memories(self.harness.connection, self.id)
        try:
            self.run(memories.list())
            self.run(memories.search("Which number does Ada like?", limit=50))
        except HarnessError as error:
            if not isinstance(error, MemoryTampered):
                raise
            self.verify_detail = error.message
            return False
        return True
