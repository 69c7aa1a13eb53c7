"""The SQL of memory: the chains, and the indexes by which their entries are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple

from harness.memory.chain import START, Chain
from harness.memory.rows import Entry
from harness.memory.words import COMMON, LONG

if TYPE_CHECKING:
    from psycopg import AsyncConnection, AsyncCursor

    from harness.store.database import Row

FIELDS: LiteralString = (
    "e.seq, e.id, e.kind, e.target, e.scope, e.content, e.digest, e.fields, e.run, e.previous, "
    "e.mac"
)
CURRENT: LiteralString = """
e.kind = 'fact' AND NOT EXISTS (
  SELECT FROM harness_memory.entry t
  WHERE t.namespace = e.namespace AND t.owner = e.owner AND t.target = e.seq AND (
    t.kind <> 'fact' OR NOT EXISTS (
      SELECT FROM harness_memory.entry w
      WHERE w.namespace = e.namespace AND w.owner = e.owner AND w.target = t.seq
        AND w.kind = 'withdrawn')))
"""
"""Not replaced, withdrawn or forgotten. If what replaced it was withdrawn, it holds again."""
MINE: LiteralString = "e.namespace = %(namespace)s AND e.owner = %(owner)s"
LOCK_HEAD = """
INSERT INTO harness_memory.head AS h (namespace, owner, seq, last, mac)
VALUES (%(namespace)s, %(owner)s, 0, '', %(mac)s)
ON CONFLICT (namespace, owner) DO UPDATE SET seq = h.seq RETURNING seq, last, mac
"""
INSERT = """
WITH counted AS (
  INSERT INTO harness_memory.word AS w (word) SELECT unnest(%(words)s::text[]) ORDER BY 1
  ON CONFLICT (word) DO UPDATE SET count = w.count + 1
)
INSERT INTO harness_memory.entry (namespace, owner, seq, id, kind, target, scope, content, digest,
  fields, run, previous, mac, words)
VALUES (%(namespace)s, %(owner)s, %(seq)s, %(id)s, %(kind)s, %(target)s, %(scope)s, %(content)s,
  %(digest)s, %(fields)s, %(run)s, %(previous)s, %(mac)s,
  CASE WHEN %(words)s::text[] IS NULL THEN NULL ELSE array_to_tsvector(%(words)s::text[]) END)
"""
MOVE_HEAD = """
UPDATE harness_memory.head SET seq = %(seq)s, last = %(last)s, mac = %(mac)s
WHERE namespace = %(namespace)s AND owner = %(owner)s
"""
ADD_VECTOR = """
INSERT INTO harness_memory.embedding (namespace, owner, seq, scope, embedder, vector, mac)
VALUES (%(namespace)s, %(owner)s, %(seq)s, %(scope)s, %(embedder)s, %(vector)s::vector, %(mac)s)
ON CONFLICT (namespace, owner, seq)
DO UPDATE SET embedder = excluded.embedder, vector = excluded.vector, mac = excluded.mac
"""
READ_HEAD = """
SELECT h.seq, h.last, h.mac,
  (SELECT e.mac FROM harness_memory.entry e
   WHERE e.namespace = h.namespace AND e.owner = h.owner AND e.seq = %(seen)s),
  CASE WHEN %(count)s THEN
    (SELECT count(*) FROM harness_memory.entry e
     WHERE e.namespace = h.namespace AND e.owner = h.owner) END
FROM harness_memory.head h WHERE h.namespace = %(namespace)s AND h.owner = %(owner)s
"""
STRAY = "SELECT EXISTS (SELECT FROM harness_memory.entry e WHERE " + MINE + ")"
SCORE: LiteralString = (
    "(SELECT coalesce(sum(t.weight), 0) / greatest(1.0, sqrt(length(e.words) / %(long)s::float8)) "
    "FROM unnest(%(terms)s::text[], %(weights)s::float8[]) t (term, weight) "
    "WHERE e.words @@ t.term::tsquery)"
)
"""The weight of the query's words that an entry has."""
BY_WORDS = (
    "SELECT e.seq FROM (SELECT e.seq, e.words FROM harness_memory.entry e WHERE "
    + MINE
    + " AND e.scope = ANY(%(scopes)s::text[]) AND e.words @@ %(any)s::tsquery LIMIT %(most)s) e "
    + "ORDER BY "
    + SCORE
    + " DESC, e.seq DESC LIMIT %(limit)s"
)
SIMILARITY: LiteralString = """
(SELECT -(m.vector <#> %(vector)s::vector) FROM harness_memory.embedding m
 WHERE m.namespace = e.namespace AND m.owner = e.owner AND m.seq = e.seq
   AND m.embedder = %(embedder)s)
"""
USED: LiteralString = """
coalesce((SELECT u.used FROM harness_memory.usage u
          WHERE u.namespace = e.namespace AND u.owner = e.owner AND u.seq = e.seq), 0)
"""
"""Not joined: Postgres would read the usage of all of the owner's memories."""
SEARCH_ON: LiteralString = """
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),
  set_config('hnsw.ef_search', '60', true)
"""
"""Other owners' vectors are in the same index: search on until enough are found."""
BY_VECTOR: LiteralString = """
SELECT m.seq FROM harness_memory.embedding m
WHERE m.namespace = %(namespace)s AND m.owner = %(owner)s AND m.scope = ANY(%(scopes)s::text[])
  AND vector_dims(m.vector) = {n} AND m.embedder = %(embedder)s
ORDER BY (m.vector::vector({n})) <#> %(vector)s::vector({n}) LIMIT %(limit)s
"""


class Head(NamedTuple):
    """The newest entry of a chain, and what is needed to check that the rest is there."""

    seq: int
    last: str
    mac: str
    seen: str | None
    """MAC of the entry that the witness has seen."""
    counted: int | None
    """How many entries there are, if they were counted."""


@dataclass(frozen=True)
class Store:
    """The memories of one owner, on one connection."""

    connection: AsyncConnection[Row]
    chain: Chain

    async def lock_head(self) -> Head:
        """Lock the chain until the transaction ends. An empty one is made."""
        rows = await self._fetch(LOCK_HEAD, {"mac": self.chain.sign_head(0, START)})
        seq, last, mac = rows[0]
        return Head(seq, last, mac, None, None)

    async def read_head(self, seen: int, *, count: bool) -> Head | None:
        rows = await self._fetch(READ_HEAD, {"seen": seen, "count": count})
        return Head(*rows[0]) if rows else None

    async def has_stray(self) -> bool:
        """Whether there are entries, for a chain without a head."""
        return bool((await self._fetch(STRAY))[0][0])

    async def append(self, entry: Entry, words: Sequence[str] | None) -> None:
        """Add a signed entry, and move the head to it. The head must be locked."""
        await self._fetch(
            INSERT,
            {
                "seq": entry.seq, "id": entry.id, "kind": entry.kind, "target": entry.target,
                "scope": entry.scope, "content": entry.content, "digest": entry.digest,
                "fields": entry.fields, "run": entry.run, "previous": entry.previous,
                "mac": entry.mac, "words": None if words is None else list(words),
            },
        )  # fmt: skip
        mac = self.chain.sign_head(entry.seq, entry.mac)
        await self._fetch(MOVE_HEAD, {"seq": entry.seq, "last": entry.mac, "mac": mac})

    async def add_vector(self, seq: int, scope: str, embedder: str, vector: str) -> None:
        mac = self.chain.sign_vector(seq, embedder, vector)
        values = {"seq": seq, "scope": scope, "embedder": embedder, "vector": vector, "mac": mac}
        await self._fetch(ADD_VECTOR, values)

    async def set_words(self, seq: int, words: Sequence[str] | None) -> None:
        """Let an entry be found by these words, or by none."""
        await self._fetch(
            "UPDATE harness_memory.entry e SET words = CASE WHEN %(words)s::text[] IS NULL "
            "THEN NULL ELSE array_to_tsvector(%(words)s::text[]) END WHERE "
            + MINE
            + " AND e.seq = %(seq)s",
            {"seq": seq, "words": None if words is None else list(words)},
        )

    async def drop_vector(self, seq: int) -> None:
        await self._fetch(
            "DELETE FROM harness_memory.embedding e WHERE " + MINE + " AND e.seq = %(seq)s",
            {"seq": seq},
        )

    async def erase_content(self, seq: int) -> None:
        await self._fetch(
            "UPDATE harness_memory.entry e SET content = NULL, words = NULL WHERE "
            + MINE
            + " AND e.seq = %(seq)s",
            {"seq": seq},
        )

    async def find(self, id: str) -> Entry | None:
        rows = await self._fetch(
            f"SELECT {FIELDS} FROM harness_memory.entry e WHERE {MINE} AND e.id = %(id)s",
            {"id": id},
        )
        return Entry(**_named(rows[0])) if rows else None

    async def find_same(self, digest: str, scope: str) -> Entry | None:
        """Find the current fact with this content."""
        rows = await self._fetch(
            f"SELECT {FIELDS} FROM harness_memory.entry e WHERE {MINE} AND e.digest = %(digest)s "
            f"AND e.scope = %(scope)s AND {CURRENT} ORDER BY e.seq DESC LIMIT 1",
            {"digest": digest, "scope": scope},
        )
        return Entry(**_named(rows[0])) if rows else None

    async def find_written(self, run: str) -> list[Entry]:
        """The facts that a run wrote and whose content is there, newest first."""
        rows = await self._fetch(
            f"SELECT {FIELDS} FROM harness_memory.entry e WHERE {MINE} AND e.run = %(run)s "
            "AND e.kind = 'fact' AND e.content IS NOT NULL ORDER BY e.seq DESC",
            {"run": run},
        )
        return [Entry(**_named(row)) for row in rows]

    async def find_of_run(self, run: str) -> list[Entry]:
        """The facts that a run wrote and that nothing has withdrawn or forgotten, newest first."""
        rows = await self._fetch(
            f"SELECT {FIELDS} FROM harness_memory.entry e WHERE {MINE} AND e.run = %(run)s "
            "AND e.kind = 'fact' AND NOT EXISTS (SELECT FROM harness_memory.entry t "
            "WHERE t.namespace = e.namespace AND t.owner = e.owner AND t.target = e.seq "
            "AND t.kind <> 'fact') ORDER BY e.seq DESC",
            {"run": run},
        )
        return [Entry(**_named(row)) for row in rows]

    async def list_after(self, seq: int, limit: int) -> list[Entry]:
        """Entries of every kind in their order."""
        rows = await self._fetch(
            f"SELECT {FIELDS} FROM harness_memory.entry e WHERE {MINE} AND e.seq > %(seq)s "
            "ORDER BY e.seq LIMIT %(limit)s",
            {"seq": seq, "limit": limit},
        )
        return [Entry(**_named(row)) for row in rows]

    async def list_current(
        self, scopes: Sequence[str] | None, before: int, limit: int
    ) -> list[Entry]:
        """Current facts, the newest first."""
        rows = await self._fetch(
            f"SELECT {FIELDS} FROM harness_memory.entry e WHERE {MINE} AND e.seq < %(before)s "
            "AND (%(scopes)s::text[] IS NULL OR e.scope = ANY(%(scopes)s::text[])) "
            f"AND {CURRENT} ORDER BY e.seq DESC LIMIT %(limit)s",
            {"scopes": scopes and list(scopes), "before": before, "limit": limit},
        )
        return [Entry(**_named(row)) for row in rows]

    async def load_current(self, seqs: Sequence[int]) -> list[tuple[Entry, int]]:
        """Those of these entries that are current, each with how often it was recalled."""
        rows = await self._fetch(
            f"SELECT {FIELDS}, {USED} FROM harness_memory.entry e "
            f"WHERE {MINE} AND e.seq = ANY(%(seqs)s::bigint[]) AND {CURRENT}",
            {"seqs": list(seqs)},
        )
        return [(Entry(**_named(row[:-1])), row[-1]) for row in rows]

    async def score(
        self, seqs: Sequence[int], weights: Mapping[str, float], vector: str | None, embedder: str
    ) -> dict[int, tuple[float, float | None]]:
        """For each entry the share of the words' weight that it has, and how close its vector is;
        None without a query's vector."""
        similarity: LiteralString = "NULL" if vector is None else f"coalesce({SIMILARITY}, 0)"
        rows = await self._fetch(
            f"SELECT e.seq, {SCORE}, {similarity} FROM harness_memory.entry e "
            f"WHERE {MINE} AND e.seq = ANY(%(seqs)s::bigint[])",
            {
                "terms": list(weights), "weights": list(weights.values()), "long": LONG,
                "seqs": list(seqs), "vector": vector, "embedder": embedder,
            },
        )  # fmt: skip
        whole = sum(weights.values()) or 1.0
        return {seq: (float(words or 0.0) / whole, close) for seq, words, close in rows}

    async def find_targeting(self, seqs: Sequence[int]) -> list[Entry]:
        """The entries that replace, withdraw or forget these."""
        rows = await self._fetch(
            f"SELECT {FIELDS} FROM harness_memory.entry e WHERE {MINE} "
            "AND e.target = ANY(%(seqs)s::bigint[])",
            {"seqs": list(seqs)},
        )
        return [Entry(**_named(row)) for row in rows]

    async def count_words(self, words: Sequence[str]) -> dict[str, int]:
        rows = await self._fetch(
            "SELECT word, count FROM harness_memory.word WHERE word = ANY(%(words)s::text[])",
            {"words": list(words)},
        )
        return dict(rows)

    async def search_words(
        self, weights: Mapping[str, float], any_of: Sequence[str], scopes: Sequence[str], limit: int
    ) -> list[int]:
        """Places of facts that have `any_of` these words, the best first."""
        rows = await self._fetch(
            BY_WORDS,
            {
                "terms": list(weights), "weights": list(weights.values()), "long": LONG,
                "any": " | ".join(any_of), "most": COMMON, "scopes": list(scopes), "limit": limit,
            },
        )  # fmt: skip
        return [row[0] for row in rows]

    async def search_vector(
        self, vector: str, embedder: str, scopes: Sequence[str], limit: int
    ) -> list[int]:
        """Places of facts whose vectors are close, the closest first."""
        count = vector.count(",") + 1
        statement: LiteralString = BY_VECTOR.format(n=count)  # pyright: ignore[reportAssignmentType]
        values = {"vector": vector, "embedder": embedder, "scopes": list(scopes), "limit": limit}
        # In one round trip: there are five otherwise.
        async with self.connection.pipeline(), self.connection.transaction():
            await self.connection.execute(SEARCH_ON)
            cursor = await self._execute(statement, values)
            rows = await cursor.fetchall()
        return [row[0] for row in rows]

    async def note_use(self, seqs: Sequence[int]) -> None:
        """Count that entries were recalled."""
        await self._fetch(
            "INSERT INTO harness_memory.usage AS u (namespace, owner, seq) "
            "SELECT %(namespace)s, %(owner)s, unnest(%(seqs)s::bigint[]) "
            "ON CONFLICT (namespace, owner, seq) DO UPDATE SET used = u.used + 1, last = now()",
            {"seqs": sorted(seqs)},
        )

    async def replace_head(self, seq: int, last: str) -> None:
        mac = self.chain.sign_head(seq, last)
        await self._fetch(MOVE_HEAD, {"seq": seq, "last": last, "mac": mac})

    async def delete_all(self, *, vectors: bool) -> None:
        """Delete every entry; a repair writes the genuine ones again."""
        await self._fetch("DELETE FROM harness_memory.usage e WHERE " + MINE)
        await self._fetch("DELETE FROM harness_memory.entry e WHERE " + MINE)
        if vectors:
            await self._fetch("DELETE FROM harness_memory.embedding e WHERE " + MINE)

    async def has_vectors(self) -> bool:
        """Whether there is a table of vectors."""
        made = "SELECT to_regclass('harness_memory.embedding') IS NOT NULL"
        return bool((await self._fetch(made))[0][0])

    async def count(self) -> tuple[int, int, int, dict[str, int]]:
        """Entries, current facts, those of them with a vector, and current facts by trust."""
        vectors: LiteralString = "0"
        if await self.has_vectors():
            vectors = "(SELECT count(*) FROM harness_memory.embedding e WHERE " + MINE + ")"
        entries: LiteralString = "(SELECT count(*) FROM harness_memory.entry e WHERE " + MINE + ")"
        [(every, embedded)] = await self._fetch(f"SELECT {entries}, {vectors}")
        rows = await self._fetch(
            "SELECT e.fields::json ->> 'trust', count(*) FROM harness_memory.entry e "
            f"WHERE {MINE} AND {CURRENT} GROUP BY 1"
        )
        trusts = {str(trust): count for trust, count in rows}
        return every, sum(trusts.values()), embedded, trusts

    async def _fetch(
        self, query: LiteralString, values: Mapping[str, object] | None = None
    ) -> list[Row]:
        cursor = await self._execute(query, values or {})
        return await cursor.fetchall() if cursor.description else []

    async def _execute(
        self, query: LiteralString, values: Mapping[str, object]
    ) -> AsyncCursor[Row]:
        own = {"namespace": self.chain.namespace, "owner": self.chain.owner}
        return await self.connection.execute(query, own | dict(values))


NAMES = ("seq", "id", "kind", "target", "scope", "content", "digest", "fields", "run",
         "previous", "mac")  # fmt: skip


def _named(row: Row) -> dict[str, Any]:
    return dict(zip(NAMES, row, strict=True))
