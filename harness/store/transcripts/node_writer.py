"""Writes transcript nodes in the background: in batches, in order, until they are durable."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable
from dataclasses import dataclass

from harness.contracts.errors import ContentCorrupt, StoreError, StoreUnavailable
from harness.contracts.transcript import Node
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.store.database import Database

COALESCE_SECONDS = 0.01
"""Delay to collect a batch; at the end of a run, which waits, nodes are written immediately. At
40 runs/s this takes half the CPU of 2 ms."""
BATCH_ROWS = 500
BATCH_BYTES = 4_000_000
FULL_BYTES = 32_000_000
"""Most bytes that wait to be written before new model calls have to wait too."""
PATIENCE_SECONDS = 10.0
"""How long a caller waits for Postgres before Temporal retries the activity."""

log = logging.getLogger("harness.store")

INSERT = """
WITH batch AS (
  SELECT * FROM unnest(%b::text[], %b::text[], %b::bytea[], %b::text[], %b::int[], %b::int[],
                       %b::bytea[]) AS b (head, parent, body, run, turn, call, reply)
), nodes AS (
  INSERT INTO harness.node (id, parent, body)
  SELECT head, parent, body FROM batch ORDER BY head ON CONFLICT DO NOTHING
)
INSERT INTO harness.answer (run, turn, call, head, reply)
SELECT run, turn, call, head, reply FROM batch ORDER BY run, turn, call, head
ON CONFLICT DO NOTHING
"""


@dataclass(slots=True, eq=False)
class Unsaved:
    head: str
    node: Node
    body: bytes
    run: str
    turn: int
    call: int
    reply: bytes | None
    owner: str | None = None
    """The run that owns the content."""
    done: asyncio.Future[None] | None = None
    refused: StoreError | None = None

    @property
    def size(self) -> int:
        return len(self.body) + len(self.reply or b"")


class NodeWriter:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._queue: deque[Unsaved] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._size = 0
        self._failure: StoreError | None = None
        self.nodes: dict[str, Unsaved] = {}
        self.answers: dict[tuple[str, int, int], Unsaved] = {}

    def add(self, row: Unsaved) -> None:
        self.nodes[row.head] = row
        self.answers[row.run, row.turn, row.call] = row
        self._queue.append(row)
        self._size += row.size
        if self._size > FULL_BYTES:
            self._room.clear()
        if self._task is None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(COALESCE_SECONDS, self._start_task)

    async def wait_for(self, head: str) -> None:
        """Wait until `head` and all nodes added before it are durable."""
        if (row := self.nodes.get(head)) is None:
            return
        if row.refused is not None:
            raise row.refused
        if row.done is None:
            row.done = asyncio.get_running_loop().create_future()
        self._flush_now()
        await self._wait_patiently(asyncio.shield(row.done))

    async def wait_for_room(self) -> None:
        if not self._room.is_set():
            await self._wait_patiently(self._room.wait())

    async def close(self) -> None:
        """Write the queued nodes, for at most `PATIENCE_SECONDS`."""
        self._flush_now()
        if (task := self._task) is not None:
            _, late = await asyncio.wait([task], timeout=PATIENCE_SECONDS)
            for each in late:
                each.cancel()
                log.error(
                    "%d transcript nodes were not written: %s", len(self._queue), self._failure
                )

    async def _wait_patiently(self, waiting: Awaitable[object]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await waiting
        except TimeoutError:
            raise self._failure or StoreUnavailable(
                f"Postgres {self._database.name} is too slow to keep up."
            ) from None

    def _flush_now(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._start_task()

    def _start_task(self) -> None:
        self._timer = None
        self._task = asyncio.create_task(self._write_queue())

    async def _write_queue(self) -> None:
        try:
            while self._queue:
                batch = self._next_batch()
                await self._write_batch(batch)
                for _ in batch:
                    self._queue.popleft()
        finally:
            self._task = None

    def _next_batch(self) -> list[Unsaved]:
        size, batch = 0, list[Unsaved]()
        for row in self._queue:
            size += row.size
            if batch and (size > BATCH_BYTES or len(batch) == BATCH_ROWS):
                break
            batch.append(row)
        return batch

    async def _write_batch(self, batch: list[Unsaved]) -> None:
        try:
            await self._insert_batch(batch)
        except Exception as error:
            if len(batch) == 1:
                self._mark_refused(batch[0], error)
            else:  # write one by one, so that only the bad row fails
                for row in batch:
                    await self._write_batch([row])
        else:
            for row in batch:
                self._mark_saved(row)

    async def _insert_batch(self, batch: list[Unsaved]) -> None:
        delay = 0.05
        while True:
            try:
                await self._database.fetch(INSERT, await self._build_columns(batch))
            except StoreError as error:
                if not error.retryable:
                    raise
                if self._failure is None:
                    log.warning("transcript nodes cannot be written, retrying: %s", error)
                self._failure = error
                await asyncio.sleep(delay)
                delay = min(delay * 2, 1.0)
            else:
                if self._failure is not None:
                    log.warning("transcript nodes are being written again")
                self._failure = None
                return

    async def _build_columns(self, batch: list[Unsaved]) -> tuple[list[object], ...]:
        encrypt, encrypt_node = self._vault.encrypt, self._vault.encrypt_addressed
        rows = [
            (
                row.head, row.node.parent,
                await encrypt_node(row.owner, row.body, place_of_node(row.head)), row.run,
                row.turn, row.call,
                await encrypt(
                    row.owner, row.reply or b"",
                    place_of_reply(row.run, row.turn, row.call, row.head),
                ),
            )
            for row in batch
        ]  # fmt: skip
        return tuple(list(column) for column in zip(*rows, strict=True))

    def _mark_refused(self, row: Unsaved, error: Exception) -> None:
        """Give up a row that Postgres will never accept. It stays unsaved, so the run keeps its
        content in history."""
        log.error("transcript node %s of run %s was refused: %s", row.head, row.run, error)
        self._leave_queue(row)
        row.refused = ContentCorrupt(
            f"Postgres refuses transcript node {row.head}: {error}",
            fix="The content cannot be stored; the messages remain in the run's history.",
        )
        if row.done is not None and not row.done.done():
            row.done.set_exception(row.refused)

    def _mark_saved(self, row: Unsaved) -> None:
        if self.nodes.get(row.head) is row:
            del self.nodes[row.head]
        key = (row.run, row.turn, row.call)
        if self.answers.get(key) is row:
            del self.answers[key]
        self._leave_queue(row)
        if row.done is not None and not row.done.done():
            row.done.set_result(None)

    def _leave_queue(self, row: Unsaved) -> None:
        self._size -= row.size
        if self._size <= FULL_BYTES:
            self._room.set()


def place_of_node(id: str) -> bytes:
    return place_of("node.body", id)


def place_of_reply(run: str, turn: int, call: int, head: str) -> bytes:
    return place_of("answer.reply", run, turn, call, head)
