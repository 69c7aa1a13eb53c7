"""What may be done with memories: tools, activities, commands and routes all call this.

Everything takes the owner; nobody reads the memories of another one.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.api.caller import LOCAL_USER
from harness.contracts.errors import MemoryNotFound
from harness.contracts.memory import Source, Trust
from harness.engine.connection import Connection
from harness.memory.chain import Chain
from harness.memory.checked import (
    Shared,
    check_chain,
    find_replacing,
    raise_tampered,
    read_entry,
    read_origin,
    shared_by,
)
from harness.memory.ranking import fuse_scores, weigh_memory
from harness.memory.rows import OWNER_SCOPE, Entry, Memory, Origin
from harness.memory.settings import MemorySettings
from harness.memory.store import Store
from harness.memory.verify import Verification, repair_chain, verify_chain
from harness.memory.witness import Seen
from harness.memory.words import choose_terms, split_words, weigh_terms
from harness.memory.writing import Fact, Writer, Written, normalize_fact, open_writer

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from harness.store.database import Row

PAGE, MOST = 50, 500
CANDIDATES = 50
"""Memories that words and vectors find each, before they are fused."""
QUERY_CHARS = 4_000
LAST = 2**62


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of memories, the newest first."""

    memories: tuple[Memory, ...]
    next: int | None = None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many memories an owner has."""

    entries: int
    """All entries of the chain, also those that were replaced, withdrawn or forgotten."""
    current: int
    embedded: int
    """Current ones with a vector."""
    trusts: dict[str, int]
    """Current ones by their trust."""
    embedder: str | None
    problem: str | None
    """Why there are no vectors."""


@dataclass(frozen=True)
class Memories:
    """The memories of one owner. None: whoever uses this machine without a user."""

    connection: Connection
    owner: str | None = None

    async def add(self, fact: Fact) -> Written:
        """Add a fact; known ones are not added again.

        Raises:
            MemoryRefused: It is too long, replaces nothing that holds, or is one too many.
            MemoryTampered: The chain was changed outside harness.
        """
        [written] = await self.add_all([fact])
        return written

    async def add_all(self, facts: Sequence[Fact], *, skip_unknown: bool = False) -> list[Written]:
        """Add facts in one transaction. With `skip_unknown`, one that replaces nothing that holds
        is added as a new one."""
        vectors = await self.embed([each.text for each in facts])
        async with self._writing() as writer:
            written: list[Written] = []
            for fact, vector in zip(facts, vectors, strict=True):
                if skip_unknown and not await writer.can_replace(fact):
                    fact = replace(fact, replaces=None)
                written.append(await writer.add_fact(fact, vector))
        await self._note_head(writer)
        return written

    async def add_inside(
        self, inside: AsyncConnection[Row], fact: Fact, vector: str | None
    ) -> Written:
        """Add a fact in a transaction of the caller, who embedded it before."""
        writer = await self._open_writer(inside)
        return await writer.add_fact(fact, vector)

    async def embed(self, texts: Sequence[str]) -> list[str | None]:
        """Make the vectors of facts; None for each if there are none."""
        cleaned = [normalize_fact(each) for each in texts]
        found = await self._shared.vectors.embed(self.connection.database, cleaned, "document")
        return list(found) if found is not None else [None] * len(texts)

    async def search(
        self,
        query: str,
        *,
        limit: int = 10,
        scopes: Sequence[str] = (OWNER_SCOPE,),
        trusts: Sequence[Trust] | None = None,
    ) -> list[Memory]:
        """Find the memories that fit a text, the best first.

        Args:
            query: Any text: a question, or a prompt.
            limit: How many at most.
            scopes: Where to look: see `scopes_of`.
            trusts: Only memories that are trusted so.

        Raises:
            MemoryTampered: What would be returned, or the chain, was changed outside harness.
        """
        query, limit = query[:QUERY_CHARS], max(1, min(limit, MOST))
        shared, chain = self._shared, await self._chain()
        vectors = await shared.vectors.embed(self.connection.database, [query], "query")
        seen = await shared.witness.read(chain.namespace, chain.owner)
        async with self.connection.database.connection() as connection:
            store = Store(connection, chain)
            head = await check_chain(store, shared, seen)
            if head is None or head.seq == 0:
                return []
            terms = [chain.hide_word(each) for each in split_words(query)]
            counts = await store.count_words(terms)
            weights = weigh_terms(terms, counts, head.seq)
            size = max(CANDIDATES, limit)
            name, vector = shared.vectors.name, vectors[0] if vectors is not None else None
            found = set[int]()
            if weights:
                chosen = choose_terms(weights, counts)
                found.update(await store.search_words(weights, chosen, scopes, size))
            if vector is not None:
                found.update(await store.search_vector(vector, name, scopes, size))
            scored = await store.score(sorted(found), weights, vector, name)
            scores = {seq: fuse_scores(*each) for seq, each in scored.items()}
            best = await self._rank(store, scores, scopes, trusts, limit)
            if best:
                await store.note_use([each.seq for each in best])
        await shared.witness.advance(chain.namespace, chain.owner, Seen(head.seq, head.last))
        return best

    async def list(
        self,
        *,
        limit: int = PAGE,
        before: int | None = None,
        scopes: Sequence[str] | None = None,
    ) -> Page:
        """List the memories that hold now, the newest first."""
        limit = max(1, min(limit, MOST))
        async with self._reading() as store:
            rows = await store.list_current(scopes, before or LAST, limit)
            read = [await read_entry(self.connection.vault, store.chain, each) for each in rows]
        memories = tuple(each for each in read if each is not None)
        return Page(memories=memories, next=rows[-1].seq if len(rows) == limit else None)

    async def find(self, id: str) -> Memory:
        """Find a memory, also one that was replaced."""
        async with self._reading() as store:
            entry = await store.find(id[:40]) if id.isprintable() else None
            memory = None
            if entry is not None and entry.kind == "fact":
                ended = await store.find_targeting([entry.seq])
                if not any(each.kind == "forgotten" for each in ended):
                    memory = await read_entry(self.connection.vault, store.chain, entry)
            if memory is None or entry is None:
                raise MemoryNotFound(f"There is no memory {id[:40]!r}.")
            replaced = await find_replacing(store, [entry.seq])
            return replace(memory, replaced_by=replaced.get(entry.seq))

    async def correct(self, id: str, text: str, *, by: str) -> Written:
        """Replace a memory by what a person says instead."""
        old = await self.find(id)
        origin = Origin(
            source="person", trust="said", made=time.time(), by=by,
            run=old.origin.run, session=old.origin.session,
        )  # fmt: skip
        return await self.add(Fact(text=text, lane=old.lane, origin=origin, replaces=id))

    async def forget(self, id: str, *, by: str) -> Memory:
        """Forget a memory: its text is erased, and only that there was one is still known."""
        memory = await self.find(id)
        async with self._writing() as writer:
            entry = await writer.store.find(id)
            if entry is not None and entry.content is not None:
                await writer.end_fact(entry, "forgotten", _by_person(by))
        await self._note_head(writer)
        return memory

    async def withdraw_inside(
        self, inside: AsyncConnection[Row], id: str, origin: Origin, *, trust: Trust | None = None
    ) -> bool:
        """Withdraw a memory in a transaction of the caller; False if it no longer counts.

        Args:
            inside: The transaction.
            id: The memory.
            origin: Who withdraws it, and where.
            trust: How far the conversation that wants it can be trusted. None: a person wants it.

        Raises:
            MemoryRefused: The memory is more trusted than that.
        """
        writer = await self._open_writer(inside)
        entry = await writer.store.find(id)
        ended = entry and await writer.store.find_targeting([entry.seq])
        if entry is None or any(each.kind != "fact" for each in ended or ()):
            return False
        if trust is not None:
            writer.check_end(entry, trust)
        await writer.end_fact(entry, "withdrawn", origin)
        return True

    async def withdraw_run(self, run: str, *, by: str, source: Source | None = None) -> int:
        """Withdraw what a run taught, or what of it has this source; returns how much that was."""
        async with self._writing() as writer:
            found = [
                each for each in await writer.store.find_of_run(run)
                if source is None or read_origin(writer.store.chain, each).source == source
            ]  # fmt: skip
            for entry in found:
                await writer.end_fact(entry, "withdrawn", _by_person(by))
        await self._note_head(writer)
        return len(found)

    async def forget_run(self, run: str, *, by: str) -> int:
        """Erase everything that a run taught, also what was withdrawn; returns how much."""
        async with self._writing() as writer:
            found = await writer.store.find_written(run)
            for entry in found:
                await writer.end_fact(entry, "forgotten", _by_person(by))
        await self._note_head(writer)
        return len(found)

    async def verify(self) -> Verification:
        """Check the whole chain."""
        return await verify_chain(self.connection, await self._chain())

    async def repair(self) -> int:
        """Drop what is not genuine, and accept the rest as it is; returns how much was dropped."""
        return await repair_chain(self.connection, await self._chain())

    async def count(self) -> Counts:
        """Count the owner's memories."""
        async with self.connection.database.connection() as connection:
            store = Store(connection, await self._chain())
            entries, current, embedded, trusts = await store.count()
        vectors = self._shared.vectors
        await vectors.embed(self.connection.database, [""], "query")
        return Counts(
            entries=entries, current=current, embedded=embedded, trusts=trusts,
            embedder=vectors.name or None, problem=vectors.problem,
        )  # fmt: skip

    async def list_learned(self, run: str) -> list[str]:
        """The ids of what was extracted from a run."""
        async with self._reading() as store:
            found = await store.find_of_run(run)
            return [
                each.id for each in found
                if read_origin(store.chain, each).source == "extraction"
            ]  # fmt: skip

    # --- inside

    @property
    def _shared(self) -> Shared:
        return shared_by(self.connection)

    async def _chain(self) -> Chain:
        signer = await self.connection.signing.get_signer()
        namespace = self.connection.endpoints.namespace
        return Chain(signer, namespace, self.owner or LOCAL_USER)

    async def _open_writer(self, connection: AsyncConnection[Row]) -> Writer:
        return await open_writer(self.connection, Store(connection, await self._chain()))

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator[Writer]:
        async with self.connection.database.connection() as connection, connection.transaction():
            yield await self._open_writer(connection)

    async def _note_head(self, writer: Writer) -> None:
        chain, head = writer.store.chain, writer.head
        await self._shared.witness.advance(chain.namespace, chain.owner, Seen(head.seq, head.last))

    @asynccontextmanager
    async def _reading(self) -> AsyncGenerator[Store]:
        """Open a chain whose completeness was checked."""
        chain, shared = await self._chain(), self._shared
        seen = await shared.witness.read(chain.namespace, chain.owner)
        async with self.connection.database.connection() as connection:
            store = Store(connection, chain)
            head = await check_chain(store, shared, seen)
            yield store
        if head is not None:
            newest = Seen(head.seq, head.last)
            await shared.witness.advance(chain.namespace, chain.owner, newest)

    async def _rank(
        self,
        store: Store,
        scores: dict[int, float],
        scopes: Sequence[str],
        trusts: Sequence[Trust] | None,
        limit: int,
    ) -> list[Memory]:
        half_life = self.connection.settings.section(MemorySettings).half_life_days
        weighed: list[tuple[float, int, Entry, int]] = []
        for entry, used in await store.load_current(list(scores)):
            if entry.scope not in scopes:
                raise_tampered(store.chain, f"entry {entry.seq} is indexed in another place")
            origin = read_origin(store.chain, entry)
            if trusts is None or origin.trust in trusts:
                score = weigh_memory(scores[entry.seq], origin, used, time.time(), half_life)
                weighed.append((score, entry.seq, entry, used))
        best: list[Memory] = []
        # Verified one by one, the best first: those that are not returned need not be.
        for _, _, entry, used in sorted(weighed, key=lambda each: each[:2], reverse=True):
            memory = await read_entry(self.connection.vault, store.chain, entry, used)
            if memory is not None:
                best.append(memory)
            if len(best) == limit:
                break
        return best


def _by_person(by: str) -> Origin:
    return Origin(source="person", trust="said", made=time.time(), by=by)
