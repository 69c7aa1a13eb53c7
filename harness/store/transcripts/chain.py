"""The transcript chain: nodes in memory first, in Postgres a moment later.

`add` returns before anything is written, so no answer waits for the database. Nodes are written in
the order they were added: a durable node has durable ancestors.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from harness.contracts.errors import ContentCorrupt, ContentUnsigned, StoreError, TranscriptMissing
from harness.contracts.message import Message
from harness.contracts.transcript import Node, digest
from harness.crypto.vault import PLAIN, Vault, key_in
from harness.store.database import Database
from harness.store.transcripts.cache import Lines, Whose
from harness.store.transcripts.node_writer import NodeWriter, Unsaved, place_of_node, place_of_reply

CACHE_BYTES = 64_000_000
KNOWN = 10_000
"""Most nodes of which is remembered whose they are."""
STEPS = (32, 1000, 10_000)
"""Ancestors fetched per round trip: a fork or a new host often lacks only a few."""

WALK = """
WITH RECURSIVE chain (id, parent, body, depth) AS (
  SELECT id, parent, body, 1 FROM harness.node WHERE id = %s
  UNION ALL
  SELECT n.id, n.parent, n.body, c.depth + 1
  FROM chain c JOIN harness.node n ON n.id = c.parent WHERE c.depth < %s
)
SELECT id, body FROM chain ORDER BY depth
"""


class Answer(NamedTuple):
    """An answered model call: the node it made, and what the caller stored with it."""

    head: str
    reply: bytes | None


class Transcripts:
    def __init__(
        self, database: Database, *, cache_bytes: int = CACHE_BYTES, vault: Vault = PLAIN
    ) -> None:
        self._database = database
        self._vault = vault
        self._lines = Lines(cache_bytes)
        self._writer = NodeWriter(database, vault)
        self._known = OrderedDict[tuple[str, str], None]()

    def add(
        self,
        node: Node,
        *,
        run: str,
        turn: int,
        call: int = 1,
        reply: bytes | None = None,
        owner: str | None = None,
    ) -> str:
        """Cache a node and queue it and its index entry for writing; returns its digest. `find`
        returns `reply`. `run` is the execution's id, `owner` the run's."""
        body = node.wire()
        head = digest(body)
        self._lines.add(head, node, len(body), Whose(run=owner))
        self.note_of(run, head)
        self._writer.add(Unsaved(head, node, body, run, turn, call, reply, owner))
        return head

    def is_saved(self, head: str) -> bool:
        """Whether `head` and all its ancestors are known to be durable."""
        return head in self._lines and head not in self._writer.nodes

    def newest_saved(self, head: str) -> str | None:
        """Return the newest of `head` and its ancestors that is known to be durable."""
        at: str | None = head
        while at is not None and not self.is_saved(at):
            row = self._writer.nodes.get(at)
            at = row.node.parent if row else self._lines.get_parent(at)
        return at

    async def flush(self, head: str) -> None:
        """Wait until `head` and all its ancestors are durable; raises StoreError if that fails."""
        await self._writer.wait_for(head)
        if head not in self._lines:
            await self.load(head)

    async def wait_for_room(self) -> None:
        """Wait while too much is unwritten; called before a model call, so that its answer fits."""
        await self._writer.wait_for_room()

    async def load(self, head: str) -> list[Message]:
        """Load the whole conversation up to `head`, oldest message first."""
        missing: list[tuple[str, Node, int, bytes | None]] = []
        at: str | None = head
        steps = iter(STEPS)
        step = 0
        while at is not None and at not in self._lines:
            if row := self._writer.nodes.get(at):
                missing.append((at, row.node, row.size, None))
                at = row.node.parent
                continue
            step = next(steps, step)
            rows = await self._database.fetch(WALK, (at, step))
            if not rows:
                raise _missing_error(at, head)
            for id, body in rows:
                if at is None or at in self._lines:
                    break
                check_parent(at, id)
                node = await read_node(self._vault, id, body)
                missing.append((id, node, len(body), key_in(body)))
                at = node.parent
        if at is not None:
            await self._check_readable(at)
        messages = self._lines.get_messages(at) if at is not None else []
        if messages is None:  # evicted while we waited: start over
            return await self.load(head)
        for id, node, size, key in reversed(missing):
            self._lines.add(id, node, size, Whose(key=key))
            messages.extend(node.messages)
        return messages

    async def load_node(self, head: str) -> Node:
        if (node := self._lines.get_node(head)) is not None:
            await self._check_readable(head)
            return node
        if row := self._writer.nodes.get(head):
            return row.node
        rows = await self._database.fetch("SELECT body FROM harness.node WHERE id = %s", (head,))
        if not rows:
            raise _missing_error(head, head)
        return await read_node(self._vault, head, rows[0][0])

    async def find(self, run: str, turn: int, call: int = 1) -> Answer | None:
        """Find the newest answer to a model call. After a reset the same call may ask something
        else: compare `load_node(answer.head)` with the present request."""
        if row := self._writer.answers.get((run, turn, call)):
            return Answer(row.head, row.reply)
        rows = await self._database.fetch(
            "SELECT head, reply FROM harness.answer WHERE run = %s AND turn = %s AND call = %s "
            "ORDER BY seq DESC LIMIT 1",
            (run, turn, call),
        )
        if not rows:
            return None
        head, reply = rows[0]
        return Answer(head, await read_reply(self._vault, reply, run, turn, call, head))

    def note_of(self, run: str, head: str) -> None:
        """Remember that `head` is in the transcript of this execution."""
        self._known[run, head] = None
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)

    def is_known_of(self, run: str, head: str) -> bool:
        return (run, head) in self._known

    async def find_writers(self, head: str) -> list[str]:
        """List the executions that the index names as writers of `head`: see `has_written`."""
        row = self._writer.nodes.get(head)
        rows = await self._database.fetch(
            "SELECT DISTINCT run FROM harness.answer WHERE head = %s", (head,)
        )
        return [*([row.run] if row else ()), *(run for (run,) in rows)]

    async def has_written(self, run: str, head: str) -> bool:
        """Whether an entry of the index proves that the execution wrote `head`."""
        row = self._writer.nodes.get(head)
        if row is not None and row.run == run:
            return True
        rows = await self._database.fetch(
            "SELECT turn, call, reply FROM harness.answer WHERE run = %s AND head = %s LIMIT 1",
            (run, head),
        )
        for turn, call, reply in rows:
            await read_reply(self._vault, reply, run, turn, call, head)  # raises if it was planted
        return bool(rows)

    async def close(self) -> None:
        """Write the queued nodes."""
        await self._writer.close()

    async def _check_readable(self, head: str) -> None:
        """Raise StoreError if cached content was forgotten by another process."""
        run, key = self._lines.get_whose(head)
        if key is not None:
            await self._vault.check_key(key)
        elif run is not None and self._vault.encrypts:
            await self._vault.key_of(run)


async def read_reply(
    vault: Vault, stored: bytes | None, run: str, turn: int, call: int, head: str
) -> bytes | None:
    """Decrypt what was stored with an answer. Every answer has it, even if empty: it proves that
    `head` is the answer to this call."""
    if stored is None:
        if vault.authentic:
            raise ContentUnsigned(f"The answer of turn {turn} in {run!r} has no MAC.")
        return None
    return await vault.decrypt(stored, place_of_reply(run, turn, call, head)) or None


def check_parent(wanted: str, found: str) -> None:
    """Check that a row is the one that its child names as parent."""
    if wanted != found:
        raise ContentCorrupt(f"The row of transcript node {found} is not that of {wanted}.")


async def read_node(vault: Vault, id: str, stored: bytes) -> Node:
    """Decrypt and parse the node at this address from its stored bytes."""
    return parse_node(id, await vault.decrypt_addressed(bytes(stored), place_of_node(id)))


def parse_node(id: str, body: bytes) -> Node:
    """Parse a node; raises StoreError if the bytes do not match the address or are not a node."""
    if digest(body) != id:
        raise ContentCorrupt(f"The bytes of transcript node {id} do not match its address.")
    try:
        return Node.model_validate_json(body)
    except ValueError as error:
        raise ContentCorrupt(f"Transcript node {id} cannot be read: {error}") from None


def _missing_error(id: str, head: str) -> StoreError:
    of = "" if id == head else f", an ancestor of {head},"
    return TranscriptMissing(f"Transcript node {id}{of} is not in this store.")
