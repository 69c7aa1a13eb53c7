"""Verify a whole chain, and repair one that was changed outside harness or restored on purpose."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from harness.contracts.errors import MemoryTampered
from harness.crypto.vault import Vault
from harness.engine.connection import Connection
from harness.memory.chain import START, Chain
from harness.memory.checked import Shared, check_chain, read_entry, shared_by
from harness.memory.rows import Entry, Problem
from harness.memory.store import Store
from harness.memory.witness import Seen
from harness.memory.words import split_words

BATCH = 500
MOST_PROBLEMS = 100


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What is wrong with a chain."""

    entries: int
    problems: tuple[Problem, ...]


async def verify_chain(connection: Connection, chain: Chain) -> Verification:
    """Check every entry, that none is missing, and that this is no older copy."""
    shared = shared_by(connection)
    seen = await shared.witness.read(chain.namespace, chain.owner)
    async with connection.database.connection() as open_connection:
        store = Store(open_connection, chain)
        problems: list[Problem] = []
        try:
            head = await check_chain(store, shared, seen)
        except MemoryTampered as error:
            problems.append(Problem(what=error.message))
            head = None
        after, count = (0, START), 0
        async for entries in _read_batches(store):
            problems += chain.find_problems(entries, after)
            problems += await _find_content_problems(connection.vault, store, entries)
            after, count = (entries[-1].seq, entries[-1].mac), count + len(entries)
    if head is not None and after != (head.seq, head.last):
        problems.append(Problem(what="the newest entry is missing", seq=head.seq))
    return Verification(entries=count, problems=tuple(problems[:MOST_PROBLEMS]))


async def repair_chain(connection: Connection, chain: Chain) -> int:
    """Write the chain again from the entries that are genuine, and accept it as it then is.

    Returns:
        How many entries were dropped.
    """
    shared, vault = shared_by(connection), connection.vault
    async with (
        connection.database.connection() as open_connection,
        open_connection.transaction(),
    ):
        store = Store(open_connection, chain)
        await store.lock_head()
        kept: list[Entry] = []
        dropped = 0
        async for entries in _read_batches(store):
            erased = {each.target for each in await _find_erasing(store, entries)}
            for entry in entries:
                if await _is_intact(vault, chain, entry, erased):
                    kept.append(entry)
                else:
                    dropped += 1
        await store.delete_all(vectors=await store.has_vectors())
        seen = await _write_again(store, vault, shared, connection, kept)
    await shared.witness.reset(chain.namespace, chain.owner, seen)
    return dropped


async def _write_again(
    store: Store, vault: Vault, shared: Shared, connection: Connection, kept: list[Entry]
) -> Seen:
    chain, places = store.chain, dict[int, int]()
    ended = {entry.target for entry in kept if entry.target is not None}
    seq, last = 0, START
    for entry in kept:
        seq += 1
        places[entry.seq] = seq
        target = None if entry.target is None else places.get(entry.target)
        made = chain.sign_entry(replace(entry, seq=seq, target=target, previous=last))
        words = vector = None
        if entry.kind == "fact" and entry.content is not None and entry.seq not in ended:
            memory = await read_entry(vault, chain, entry)
            if memory is not None:
                words = [chain.hide_word(each) for each in split_words(memory.text)]
                found = await shared.vectors.embed(connection.database, [memory.text], "document")
                vector = found[0] if found else None
        await store.append(made, words)
        if vector:
            await store.add_vector(seq, entry.scope, shared.vectors.name, vector)
        last = made.mac
    await store.replace_head(seq, last)
    return Seen(seq, last)


async def _is_intact(vault: Vault, chain: Chain, entry: Entry, erased: set[int | None]) -> bool:
    if not chain.is_genuine(entry):
        return False
    if entry.kind != "fact" or (entry.content is None and entry.seq in erased):
        return True
    try:
        await read_entry(vault, chain, entry)
    except MemoryTampered:
        return False
    return True


async def _find_content_problems(vault: Vault, store: Store, entries: list[Entry]) -> list[Problem]:
    erased = {each.target for each in await _find_erasing(store, entries)}
    return [
        Problem(what="its text was changed or is missing", seq=each.seq, id=each.id)
        for each in entries
        if store.chain.is_genuine(each) and not await _is_intact(vault, store.chain, each, erased)
    ]


async def _find_erasing(store: Store, entries: list[Entry]) -> list[Entry]:
    found = await store.find_targeting([each.seq for each in entries])
    return [each for each in found if each.kind == "forgotten" and store.chain.is_genuine(each)]


async def _read_batches(store: Store) -> AsyncGenerator[list[Entry]]:
    after = -(2**62)
    while entries := await store.list_after(after, BATCH):
        yield entries
        after = entries[-1].seq
