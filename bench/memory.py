"""What memory costs: searches among many memories, and what a turn of a run pays.

    python -m bench.memory [--memories 10000] [--searches 200]

Memories are made-up sentences of ten words with random vectors, written in bulk as the client would
write them; `--real` embeds the queries with the configured model, to show what that adds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Sequence

import psutil
import uvloop

from bench.agents import ground
from harness.contracts.message import Message, Text
from harness.embeddings.embedder import Purpose
from harness.engine.connection import Connection
from harness.memory.chain import START, Chain
from harness.memory.checked import place_of_content, shared_by
from harness.memory.client import Memories
from harness.memory.rows import Entry, Origin
from harness.memory.trust import judge_trust
from harness.memory.vectors import INDEX, Vectors
from harness.memory.words import split_words
from harness.store.database import Database

DIMENSIONS = 384
OWNER = "bench"
NAMED = "bench/random"


class MadeUp(Vectors):
    """Random vectors, the same for the same text."""

    async def embed(
        self, database: Database, texts: Sequence[str], purpose: Purpose
    ) -> list[str] | None:
        del database, purpose
        return [vector_of(each) for each in texts]

    @property
    def name(self) -> str:
        return NAMED


def vector_of(text: str) -> str:
    chance = random.Random(text)
    numbers = [chance.gauss(0, 1) for _ in range(DIMENSIONS)]
    length = sum(each * each for each in numbers) ** 0.5
    return f"[{','.join(f'{each / length:.5g}' for each in numbers)}]"


def sentence(chance: random.Random) -> str:
    """Ten words; as in a language, few words are common and most are rare."""
    return " ".join(f"word{int(30_000 ** chance.random())}" for _ in range(10))


async def fill(connection: Connection, count: int) -> list[str]:
    """Write memories in bulk, with the MACs that the client would write."""
    signer = await connection.signing.get_signer()
    chain = Chain(signer, connection.endpoints.namespace, OWNER)
    chance = random.Random(7)
    last, texts = START, [f"{sentence(chance)} {n}" for n in range(count)]
    words: dict[str, int] = {}
    async with connection.database.connection() as opened, opened.transaction():
        # Built at once in the end: row by row it takes minutes.
        await opened.execute(f"DROP INDEX IF EXISTS harness_memory.embedding_{DIMENSIONS}".encode())
        columns = (
            "namespace, owner, seq, id, kind, scope, content, digest, fields, run, previous, "
            "mac, words"
        )
        async with opened.cursor() as cursor:
            async with cursor.copy(f"COPY harness_memory.entry ({columns}) FROM STDIN") as copy:  # pyright: ignore[reportArgumentType]
                for seq, text in enumerate(texts, start=1):
                    entry = await make_entry(connection, chain, seq, text, last)
                    last = entry.mac
                    hidden = [chain.hide_word(each) for each in split_words(text)]
                    for each in hidden:
                        words[each] = words.get(each, 0) + 1
                    await copy.write_row(
                        (chain.namespace, OWNER, seq, entry.id, "fact", "", entry.content,
                         entry.digest, entry.fields, entry.run, entry.previous, entry.mac,
                         " ".join(sorted(hidden)))
                    )  # fmt: skip
            async with cursor.copy("COPY harness_memory.word (word, count) FROM STDIN") as copy:
                for each in words.items():
                    await copy.write_row(each)
            columns = "namespace, owner, seq, scope, embedder, vector, mac"
            async with cursor.copy(f"COPY harness_memory.embedding ({columns}) FROM STDIN") as copy:  # pyright: ignore[reportArgumentType]
                for seq, text in enumerate(texts, start=1):
                    vector = vector_of(text)
                    mac = chain.sign_vector(seq, NAMED, vector)
                    await copy.write_row((chain.namespace, OWNER, seq, "", NAMED, vector, mac))
        await opened.execute(
            "INSERT INTO harness_memory.head VALUES (%s, %s, %s, %s, %s)",
            (chain.namespace, OWNER, count, last, chain.sign_head(count, last)),
        )
        await opened.execute("SET LOCAL maintenance_work_mem = '1GB'")
        await opened.execute(INDEX.format(n=DIMENSIONS).encode())
    for table in ("entry", "word", "embedding"):
        await connection.database.fetch(f"VACUUM ANALYZE harness_memory.{table}")  # pyright: ignore[reportArgumentType]
    return texts


async def make_entry(connection: Connection, chain: Chain, seq: int, text: str, last: str) -> Entry:
    id = f"mem_{seq:024x}"
    origin = Origin(source="extraction", trust="inferred", made=time.time() - seq, run=f"run-{seq}")
    content = await connection.vault.encrypt_text(None, text, place_of_content(chain, id))
    return chain.sign_entry(
        Entry(
            seq=seq, id=id, kind="fact", target=None, scope="", content=content,
            digest=chain.digest(text), fields=origin.wire().decode(), run=origin.run,
            previous=last, mac="",
        )
    )  # fmt: skip


async def measure(memories: Memories, queries: Sequence[str]) -> str:
    """Milliseconds of searches, one after the other, and CPU of this process for each."""
    took: list[float] = []
    used, server = time.process_time(), await read_server_cpu(memories.connection)
    for query in queries:
        started = time.perf_counter()
        found = await memories.search(query, limit=8)
        took.append((time.perf_counter() - started) * 1e3)
        assert len(found) == 8
    used = (time.process_time() - used) * 1e3 / len(queries)
    server = (await read_server_cpu(memories.connection) - server) * 1e3 / len(queries)
    took.sort()
    p95 = took[int(len(took) * 0.95)]
    cpu = f"CPU {used:.1f} ms here and {server:.1f} ms in Postgres"
    return f"p50 {statistics.median(took):.1f} ms, p95 {p95:.1f} ms, {cpu}"


async def read_server_cpu(connection: Connection) -> float:
    """Seconds of CPU that the Postgres processes of this database have used."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    used = 0.0
    for (pid,) in await connection.database.fetch(query):
        times = psutil.Process(pid).cpu_times()
        used += times.user + times.system
    return used


def measure_turn() -> float:
    """Milliseconds of CPU that stamping one memory costs after a conversation of 200 messages."""
    messages = [
        Message(role="user" if n % 2 == 0 else "assistant", parts=(Text(text="word " * 50),))
        for n in range(200)
    ]
    started = time.process_time()
    for n in range(200):
        judge_trust(messages, f"A fact with the number {n}.")
    return (time.process_time() - started) * 1e3 / 200


async def main(chosen: argparse.Namespace) -> None:
    async with ground() as base, base.client() as harness:
        connection = harness.connection
        shared = shared_by(connection)
        real = shared.vectors
        await real.embed(connection.database, ["warm"], "query")
        print(f"real embedder: {real.name or real.problem}")
        shared.vectors = MadeUp(connection.settings, encrypts=False)
        texts = await fill(connection, chosen.memories)
        chance = random.Random(11)
        queries = [
            " ".join(chance.sample(chance.choice(texts).split(), 6)) for _ in
            range(chosen.searches)
        ]  # fmt: skip
        memories = Memories(connection, OWNER)
        started = time.perf_counter()
        await memories.search(queries[0], limit=8)
        first = (time.perf_counter() - started) * 1e3
        print(f"{chosen.memories:,} memories")
        print(f"first search of a process, which counts the chain: {first:.1f} ms")
        print(f"searches, vectors given: {await measure(memories, queries)}")
        if real.name:
            took: list[float] = []
            for each in queries[:50]:
                started = time.perf_counter()
                await real.embed(connection.database, [each], "query")
                took.append((time.perf_counter() - started) * 1e3)
            print(f"embedding a query adds: p50 {statistics.median(took):.1f} ms")
        print(f"stamping a memory: {measure_turn():.2f} ms CPU")
        if chosen.verify:
            started = time.process_time()
            found = await memories.verify()
            used = time.process_time() - started
            print(f"verifying {found.entries:,} entries: {used:.1f} s CPU, {len(found.problems)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--memories", type=int, default=10_000)
    parser.add_argument("--searches", type=int, default=200)
    parser.add_argument("--verify", action="store_true")
    uvloop.run(main(parser.parse_args()))
