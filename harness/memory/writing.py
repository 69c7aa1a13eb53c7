"""Add to the chain of an owner, in a transaction of the caller that holds the head locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.contracts.clean_text import clean_text
from harness.contracts.errors import MemoryRefused
from harness.contracts.memory import MAX_FACT, Lane, Trust
from harness.crypto.vault import Vault
from harness.engine.connection import Connection
from harness.memory.checked import (
    Shared,
    check_head,
    place_of_content,
    raise_tampered,
    read_entry,
    read_origin,
    shared_by,
)
from harness.memory.rows import TRUSTS, Entry, Kind, Origin, lane_of, new_memory_id, scope_of
from harness.memory.settings import MemorySettings
from harness.memory.store import Head, Store
from harness.memory.words import split_words
from harness.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A fact to remember, with where it comes from."""

    text: str
    lane: Lane
    origin: Origin
    replaces: str | None = None
    """The memory that it replaces."""
    ends: Trust | None = None
    """The most trusted that this memory may be; None: as trusted as the fact."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of a fact."""

    id: str
    added: bool
    """False: it was known."""
    lane: Lane
    beside: str | None = None
    """The memory that it would have replaced, if that is more trusted: both hold."""


@dataclass
class Writer:
    """Adds entries to a chain whose head is locked."""

    store: Store
    database: Database
    vault: Vault
    shared: Shared
    head: Head
    most: int

    async def add_fact(self, fact: Fact, vector: str | None) -> Written:
        """Add a fact, unless it is known and nothing more trusted is known about its origin."""
        text, origin = normalize_fact(fact.text), fact.origin
        scope = scope_of(fact.lane, origin.run, origin.session)
        chain, target, beside = self.store.chain, await self._find_replaced(fact), None
        if target is not None and not self._may_end(target, fact.ends or origin.trust):
            target, beside = None, target.id
        digest = chain.digest(text)
        known = await self.store.find_same(digest, scope)
        if known is not None:
            before = read_origin(chain, known)
            if not chain.is_genuine(known):
                raise_tampered(chain, f"entry {known.seq} ({known.id}) was changed")
            if TRUSTS.index(before.trust) >= TRUSTS.index(origin.trust) and target is None:
                return Written(id=known.id, added=False, lane=fact.lane, beside=beside)
            target = target or known
        if self.head.seq >= self.most:
            raise MemoryRefused(
                f"{chain.owner!r} has {self.head.seq:,} memories, the most that an owner may have.",
                fix="Raise memory.most.",
            )
        id = new_memory_id()
        content = await self.vault.encrypt_text(origin.run, text, place_of_content(chain, id))
        entry = self._make("fact", id, target, scope, origin)
        entry = replace(entry, content=content, digest=digest)
        await self._append(entry, [chain.hide_word(each) for each in split_words(text)])
        if vector is not None:
            name = self.shared.vectors.name
            await self.store.add_vector(self.head.seq, scope, name, vector)
        if target is not None:
            await self._hide(target)
        return Written(id=id, added=True, lane=lane_of(scope), beside=beside)

    def _may_end(self, entry: Entry, trust: Trust) -> bool:
        """Whether what is trusted so may end a fact: nothing ends what is more trusted."""
        before = read_origin(self.store.chain, entry).trust
        return TRUSTS.index(before) <= TRUSTS.index(trust)

    def check_end(self, entry: Entry, trust: Trust) -> None:
        """Check that what is trusted so may end a fact.

        Raises:
            MemoryRefused: The fact is more trusted.
        """
        if not self._may_end(entry, trust):
            before = read_origin(self.store.chain, entry).trust
            raise MemoryRefused(
                f"The trust of {entry.id} is {before}, and that of this call only {trust}. The "
                f"person can withdraw it: harness memory forget {entry.id}",
            )

    async def end_fact(self, entry: Entry, kind: Kind, origin: Origin) -> None:
        """Withdraw or forget a fact. A forgotten one loses its content."""
        made = self._make(kind, new_memory_id(), entry, entry.scope, origin)
        await self._append(made, None)
        await self._hide(entry)
        if kind == "forgotten":
            await self.store.erase_content(entry.seq)
        if entry.target is not None:
            for restored, _ in await self.store.load_current([entry.target]):
                await self._show(restored)

    async def _show(self, entry: Entry) -> None:
        """Let searches find an entry again: what had replaced it no longer counts."""
        chain = self.store.chain
        memory = await read_entry(self.vault, chain, entry)
        if memory is None:
            return
        words = [chain.hide_word(each) for each in split_words(memory.text)]
        await self.store.set_words(entry.seq, words)
        vectors = await self.shared.vectors.embed(self.database, [memory.text], "document")
        if vectors is not None:
            name = self.shared.vectors.name
            await self.store.add_vector(entry.seq, entry.scope, name, vectors[0])

    async def can_replace(self, fact: Fact) -> bool:
        """Whether what the fact replaces holds now, if it replaces anything."""
        return fact.replaces is None or await self._find_current(fact.replaces) is not None

    async def _find_current(self, id: str) -> Entry | None:
        found = await self.store.find(id)
        current = await self.store.load_current([found.seq]) if found else []
        return current[0][0] if current else None

    async def _find_replaced(self, fact: Fact) -> Entry | None:
        if fact.replaces is None:
            return None
        found = await self._find_current(fact.replaces)
        if found is None:
            raise MemoryRefused(
                f"{fact.replaces[:40]!r} cannot be replaced: it is not a memory that holds now.",
                fix="Name a memory that `recall` shows.",
            )
        return found

    async def _hide(self, entry: Entry) -> None:
        """Let searches no longer find an entry."""
        await self.store.set_words(entry.seq, None)
        if await self.store.has_vectors():
            await self.store.drop_vector(entry.seq)

    def _make(self, kind: Kind, id: str, target: Entry | None, scope: str, origin: Origin) -> Entry:
        return Entry(
            seq=self.head.seq + 1, id=id, kind=kind, target=target and target.seq, scope=scope,
            content=None, digest="", fields=origin.wire().decode(), run=origin.run,
            previous=self.head.last, mac="",
        )  # fmt: skip

    async def _append(self, entry: Entry, words: Sequence[str] | None) -> None:
        signed = self.store.chain.sign_entry(entry)
        await self.store.append(signed, words)
        self.head = Head(signed.seq, signed.mac, "", None, None)


async def open_writer(connection: Connection, store: Store) -> Writer:
    """Lock the chain, and check that it is the one that was written.

    Raises:
        MemoryTampered: It is not.
    """
    shared, chain = shared_by(connection), store.chain
    seen = await shared.witness.read(chain.namespace, chain.owner)
    head = await store.lock_head()
    full = await store.read_head(0 if seen is None else seen.seq, count=False)
    check_head(chain, full or head, seen)
    if head.seq == 0 and await store.has_stray():
        raise_tampered(chain, "the record of its newest entry is missing")
    return Writer(
        store=store, database=connection.database, vault=connection.vault, shared=shared,
        head=head, most=connection.settings.section(MemorySettings).most,
    )  # fmt: skip


def normalize_fact(text: str) -> str:
    """One paragraph of printable text; MemoryRefused if it is empty or too long."""
    made = clean_text(" ".join(text[: 4 * MAX_FACT].split()))
    if not 0 < len(made) <= MAX_FACT or len(text) > 4 * MAX_FACT:
        raise MemoryRefused(f"A memory has 1 to {MAX_FACT:,} characters; this has {len(text):,}.")
    return made
