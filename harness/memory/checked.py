"""Read chains of memories so that what was changed outside harness is refused."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn
from weakref import WeakKeyDictionary

from pydantic import ValidationError

from harness.contracts.errors import Forgotten, MemoryTampered, StoreError
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.engine.connection import Connection
from harness.memory.chain import Chain
from harness.memory.rows import Entry, Memory, Origin, lane_of
from harness.memory.store import Head, Store
from harness.memory.vectors import Vectors
from harness.memory.witness import Seen, Witness

if TYPE_CHECKING:
    from harness.store.database import Database

COUNT_S = 60.0
"""How long a process may not notice that an entry is missing which it does not read."""


class Shared:
    """What all callers of a process share: the embedder, the witness, when chains were counted."""

    def __init__(self, connection: Connection) -> None:
        settings = connection.settings
        self.vectors = Vectors(settings, encrypts=connection.vault.encrypts)
        self.witness = Witness(connection.project / settings.state_dir)
        self._counted: dict[tuple[str, str], float] = {}

    def is_count_due(self, chain: Chain) -> bool:
        counted = self._counted.get((chain.namespace, chain.owner))
        return counted is None or time.monotonic() - counted > COUNT_S

    def note_count(self, chain: Chain) -> None:
        if len(self._counted) > 10_000:
            self._counted.clear()
        self._counted[(chain.namespace, chain.owner)] = time.monotonic()


_shared: WeakKeyDictionary[Database, Shared] = WeakKeyDictionary()


def shared_by(connection: Connection) -> Shared:
    """What the users of this connection share."""
    found = _shared.get(connection.database)
    if found is None:
        found = _shared[connection.database] = Shared(connection)
    return found


async def check_chain(store: Store, shared: Shared, seen: Seen | None) -> Head | None:
    """Check that the chain has what it must have; None if it is empty.

    Args:
        store: The chain.
        shared: Of this process.
        seen: What the witness said, before the database was read.

    Raises:
        MemoryTampered: An entry is missing, or the chain is an older copy.
    """
    count = shared.is_count_due(store.chain)
    head = await store.read_head(0 if seen is None else seen.seq, count=count)
    if head is None:
        if (seen is not None and seen.seq) or await store.has_stray():
            raise_tampered(store.chain, "its newest entries are missing")
        return None
    check_head(store.chain, head, seen)
    if count:
        shared.note_count(store.chain)
    return head


def check_head(chain: Chain, head: Head, seen: Seen | None) -> None:
    """Raise MemoryTampered unless the head is genuine, complete, and not older than the witness."""
    if not chain.is_head(head.seq, head.last, head.mac):
        raise_tampered(chain, "the record of its newest entry was changed")
    if seen is not None and head.seq < seen.seq:
        raise_tampered(
            chain, f"it ends at entry {head.seq}, but had {seen.seq}: an older copy was restored"
        )
    if seen is not None and seen.seq and head.seen != seen.mac:
        raise_tampered(chain, f"entry {seen.seq} is not the one that was written")
    if head.counted is not None and head.counted != head.seq:
        raise_tampered(chain, f"it has {head.counted} entries instead of {head.seq}")


def raise_tampered(chain: Chain, why: str) -> NoReturn:
    raise MemoryTampered(f"The memories of {chain.owner!r} were changed outside harness: {why}.")


async def read_entry(vault: Vault, chain: Chain, entry: Entry, used: int = 0) -> Memory | None:
    """Verify and decrypt a fact; None if its key was destroyed.

    Raises:
        MemoryTampered: It is not as it was written.
    """
    where = f"entry {entry.seq} ({entry.id})"
    if not chain.is_genuine(entry):
        raise_tampered(chain, f"{where} was changed")
    if entry.content is None:
        raise_tampered(chain, f"the text of {where} is missing")
    try:
        text = await vault.decrypt_text(entry.content, place_of_content(chain, entry.id))
    except Forgotten:
        return None
    except StoreError as error:
        if error.retryable:
            raise
        raise_tampered(chain, f"the text of {where} was changed")
    if chain.digest(text) != entry.digest:
        raise_tampered(chain, f"the text of {where} was changed")
    return Memory(
        id=entry.id, seq=entry.seq, lane=lane_of(entry.scope), text=text,
        origin=read_origin(chain, entry), used=used,
    )  # fmt: skip


def read_origin(chain: Chain, entry: Entry) -> Origin:
    """Read where an entry comes from. Only that of a verified entry is known to be true."""
    try:
        return Origin.model_validate_json(entry.fields)
    except ValidationError:
        raise_tampered(chain, f"the origin of entry {entry.seq} ({entry.id}) was changed")


async def find_replacing(store: Store, seqs: Sequence[int]) -> dict[int, str]:
    """The ids of genuine facts that replaced entries, by the place of the replaced entry."""
    found = await store.find_targeting(seqs)
    facts = [each for each in found if each.kind == "fact" and store.chain.is_genuine(each)]
    return {each.target: each.id for each in facts if each.target is not None}


def place_of_content(chain: Chain, id: str) -> bytes:
    return place_of("memory.content", chain.namespace, chain.owner, id)
