"""Seals of ended runs: an append-only chain of rows, with one writer at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, LiteralString

from harness.contracts.errors import HarnessError
from harness.contracts.seal import START, Kind, SealEntry
from harness.crypto.place import place_of
from harness.crypto.vault import PLAIN, Vault
from harness.journal.seal import hash_of, read_entry
from harness.store.database import Database, Row
from harness.store.locks import lock_number

if TYPE_CHECKING:
    from psycopg import AsyncConnection

STONE = "deletion"
"""The purpose of the MAC of an entry that records one."""
LOCK = lock_number("harness.seal")
PAGE = 500
COLUMNS: LiteralString = "seq, hash, entry, kind, namespace, run, run_ids, sealed, content, key"
INDEX: LiteralString = """agent, state, model, session, lineage,
  extract(epoch FROM started)::float8, extract(epoch FROM ended)::float8, turns, tokens,
  cost_micros"""
INSERT = """
INSERT INTO harness.seal (seq, hash, entry, kind, namespace, run, run_ids, sealed, content, key,
  agent, state, model, session, lineage, started, ended, turns, tokens, cost_micros)
VALUES (%s, %s, %b, %s, %s, %s, %s, to_timestamp(%s), %s, %b,
  %s, %s, %s, %s, %s, to_timestamp(%s), to_timestamp(%s), %s, %s, %s)
"""
REINDEX = """
UPDATE harness.seal SET agent = %s, state = %s, model = %s, session = %s, lineage = %s,
  started = to_timestamp(%s), ended = to_timestamp(%s), turns = %s, tokens = %s, cost_micros = %s
WHERE seq = %s
"""
KNOWN = """
SELECT id, bool_or(content IS NOT NULL) FROM harness.seal, unnest(run_ids) AS id
WHERE run_ids && %s::text[] GROUP BY id
"""
OF_RUN = f"""
SELECT {COLUMNS} FROM harness.seal
WHERE run = %s AND namespace = %s AND kind IN ('sealed', 'imported', 'part')
ORDER BY (kind <> 'part') DESC, seq DESC
"""
WITH = f"""
SELECT {COLUMNS} FROM harness.seal
WHERE run_ids @> ARRAY[%s]::text[] AND content IS NOT NULL ORDER BY seq DESC LIMIT 1
"""
STONES = f"""
SELECT {COLUMNS} FROM harness.seal
WHERE run = %s AND seq > %s AND kind IN ('deleted', 'forgotten') ORDER BY seq
"""
OLD = f"""
SELECT {COLUMNS} FROM harness.seal WHERE content IS NOT NULL AND sealed < to_timestamp(%s)
ORDER BY seq LIMIT %s
"""
UNINDEXED = f"""
SELECT {COLUMNS} FROM harness.seal WHERE agent IS NULL AND lineage IS NULL
  AND content IS NOT NULL AND kind IN ('sealed', 'imported') ORDER BY seq DESC LIMIT %s
"""
AFTER = f"SELECT {COLUMNS} FROM harness.seal WHERE seq > %s ORDER BY seq LIMIT %s"
LISTED = f"""
SELECT run, {INDEX} FROM (
  SELECT DISTINCT ON (run) * FROM harness.seal
  WHERE namespace = %(namespace)s AND kind IN ('sealed', 'imported') ORDER BY run, seq DESC
) AS newest
WHERE agent IS NOT NULL AND content IS NOT NULL AND (%(agent)s::text IS NULL OR agent = %(agent)s)
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(session)s::text IS NULL OR session = %(session)s)
ORDER BY started DESC NULLS LAST LIMIT %(limit)s
"""
FIGURES = """
SELECT count(*) FILTER (WHERE s.kind IN ('sealed', 'imported', 'part')),
  count(DISTINCT s.run) FILTER (WHERE s.kind IN ('sealed', 'imported')),
  (SELECT count(DISTINCT g) FROM harness.seal t, jsonb_array_elements_text(
     convert_from(t.entry, 'UTF8')::jsonb -> 'seals') g WHERE t.kind = 'deleted'),
  (SELECT count(DISTINCT g) FROM harness.seal t, jsonb_array_elements_text(
     convert_from(t.entry, 'UTF8')::jsonb -> 'seals') g WHERE t.kind = 'forgotten'),
  coalesce(sum(a.size), 0)::bigint, extract(epoch FROM min(s.ended))::float8, max(s.seq)
FROM harness.seal s LEFT JOIN harness.artifact a ON a.id = s.content
"""


@dataclass(frozen=True, kw_only=True)
class SealIndex:
    """What lists show of a sealed run; extracted from its content."""

    agent: str | None = None
    state: str | None = None
    model: str | None = None
    session: str | None = None
    lineage: str | None = None
    started: float | None = None
    ended: float | None = None
    turns: int | None = None
    tokens: int | None = None
    cost_micros: int | None = None

    @property
    def values(self) -> tuple[Any, ...]:
        return tuple(vars(self).values())


@dataclass(frozen=True)
class SealRow:
    seq: int
    hash: str
    entry: bytes
    kind: str
    namespace: str
    run: str
    run_ids: tuple[str, ...]
    sealed: float
    content: str | None
    """The artifact; None where it was deleted or forgotten."""
    key: bytes | None
    """Encrypted: `Seals.load_key` decrypts it."""

    @property
    def read(self) -> SealEntry:
        return read_entry(self.entry)


@dataclass(frozen=True)
class Listed:
    run: str
    index: SealIndex


@dataclass(frozen=True)
class NewSeal:
    """An entry without its place in the chain."""

    entry: SealEntry
    content: str | None = None
    key: bytes | None = None
    index: SealIndex = SealIndex()


@dataclass(frozen=True)
class Figures:
    seals: int
    runs: int
    deleted: int
    forgotten: int
    bytes: int
    head: int
    oldest: float | None = None
    """When the first of them ended."""


class Seals:
    def __init__(self, database: Database, vault: Vault = PLAIN) -> None:
        self._database = database
        self._vault = vault

    async def append(self, new: Sequence[NewSeal]) -> list[SealRow]:
        """Append entries to the chain. A run that was sealed meanwhile is skipped."""
        kept = [
            replace(
                each,
                key=await self._vault.encrypt(
                    each.entry.run, each.key, _key_place(each.entry.run, each.content)
                ),
            )
            if each.key
            else each
            for each in new
        ]
        async with self._database.connection() as connection, connection.transaction():
            await self._lock_chain(connection)
            last = [each.entry.run_ids[-1] for each in kept]
            cursor = await connection.execute(KNOWN, (last,))
            known = {run_id: there for run_id, there in await cursor.fetchall()}
            # Deleted content may be imported again, but is not sealed again.
            taken = [
                each
                for each, id in zip(kept, last, strict=True)
                if id not in known or (each.entry.kind == "imported" and not known[id])
            ]
            return await _add_entries(connection, taken, self._vault)

    async def drop_content(
        self, rows: Iterable[SealRow], kind: Kind, tombstone: SealEntry
    ) -> list[str]:
        """Remove content and keys from the table, and record that in the chain, one entry per run.
        Returns the artifacts that are no longer referenced. `tombstone` says who and when."""
        async with self._database.connection() as connection, connection.transaction():
            await self._lock_chain(connection)
            cursor = await connection.execute(
                "SELECT seq, run, namespace, content FROM harness.seal "
                "WHERE seq = ANY(%s) AND content IS NOT NULL ORDER BY seq",
                ([row.seq for row in rows],),
            )
            found = await cursor.fetchall()
            runs: dict[tuple[str, str], list[int]] = {}
            for seq, run, namespace, _ in found:
                runs.setdefault((run, namespace), []).append(seq)
            stones = [
                NewSeal(
                    tombstone.model_copy(
                        update={
                            "kind": kind, "run": run, "namespace": space, "seals": tuple(seqs)
                        }
                    )
                )
                for (run, space), seqs in runs.items()
            ]  # fmt: skip
            await _add_entries(connection, stones, self._vault)
            gone = [row[0] for row in found]
            await connection.execute(
                "UPDATE harness.seal SET content = NULL, key = NULL WHERE seq = ANY(%s)", (gone,)
            )
            return [row[3] for row in found]

    # --- reading

    async def load_key(self, row: SealRow) -> bytes | None:
        """Decrypt the key of a seal's commitments; None if it was deleted."""
        if row.key is None:
            return None
        return await self._vault.decrypt(row.key, _key_place(row.run, row.content))

    async def seals_of_run(self, run: str, namespace: str) -> list[SealRow]:
        """List the seals of a run, the newest first; seals of parts come last."""
        return await self._fetch_rows(OF_RUN, (run, namespace))

    async def namespaces_of(self, run: str) -> list[str]:
        query = "SELECT DISTINCT namespace FROM harness.seal WHERE run = %s"
        return [row[0] for row in await self._database.fetch(query, (run,))]

    async def find_tombstone(self, run: str, seq: int) -> SealRow | None:
        """Find the entry that records the deletion of a seal's content. Entries that do not match
        their hash, or that this project did not sign, are ignored."""
        for row in await self._fetch_rows(STONES, (run, seq)):
            if hash_of(row.entry) != row.hash:
                continue
            try:
                told = row.read
            except HarnessError:  # `verify` reports it
                continue
            same = (told.seq, told.kind, told.run) == (row.seq, row.kind, run)
            if same and seq in told.seals and self.is_proven(told):
                return row
        return None

    def is_proven(self, stone: SealEntry) -> bool:
        """Whether this project recorded the deletion. The chain alone does not show that: whoever
        can write to the database can append to it."""
        signer = self._vault.signer
        return signer is None or signer.is_signed(stone.mac, STONE, _unsigned_wire(stone))

    async def find_by_execution(self, run_id: str) -> SealRow | None:
        """Find the newest seal with content that includes this execution."""
        return next(iter(await self._fetch_rows(WITH, (run_id,))), None)

    async def find_sealed(self, run_ids: Sequence[str]) -> set[str]:
        """Return which of these executions are sealed."""
        return {row[0] for row in await self._database.fetch(KNOWN, (list(run_ids),))}

    async def first_start(self, runs: Sequence[str]) -> float | None:
        """Return when the first of the runs began; None if none is sealed."""
        query = "SELECT extract(epoch FROM min(started))::float8 FROM harness.seal"
        rows = await self._database.fetch(f"{query} WHERE run = ANY(%s)", (list(runs),))
        return rows[0][0]

    async def read_index(self, seq: int) -> SealIndex:
        """Read what lists show of a seal."""
        rows = await self._database.fetch(
            f"SELECT {INDEX} FROM harness.seal WHERE seq = %s", (seq,)
        )
        return SealIndex(**dict(zip(vars(SealIndex()), rows[0], strict=True)))

    async def list_old(self, before: float, limit: int = PAGE) -> list[SealRow]:
        """List seals with content that are older than `before`."""
        return await self._fetch_rows(OLD, (before, limit))

    async def list_unindexed(self, limit: int = PAGE) -> list[SealRow]:
        """List seals of runs that whoever sealed them could not read, the newest first."""
        return await self._fetch_rows(UNINDEXED, (limit,))

    async def iterate_chain(self, after: int = -(2**62)) -> AsyncIterator[SealRow]:
        """Yield all seals in the order of the chain, starting after number `after`."""
        seq = after
        while rows := await self._fetch_rows(AFTER, (seq, PAGE)):
            for row in rows:
                yield row
            seq = rows[-1].seq

    async def list_runs(
        self,
        namespace: str,
        *,
        agent: str | None = None,
        state: str | None = None,
        session: str | None = None,
        limit: int | None = None,
    ) -> list[Listed]:
        """List sealed runs of agents, the newest first."""
        values = {
            "namespace": namespace, "agent": agent, "state": state, "session": session,
            "limit": limit,
        }  # fmt: skip
        async with self._database.connection() as connection:
            cursor = await connection.execute(LISTED, values)
            rows = await cursor.fetchall()
        names = list(vars(SealIndex()))
        return [
            Listed(run, SealIndex(**dict(zip(names, index, strict=True)))) for run, *index in rows
        ]

    async def read_figures(self) -> Figures:
        rows = await self._database.fetch(FIGURES)
        seals, runs, deleted, forgotten, size, oldest, head = rows[0]
        return Figures(seals, runs, deleted, forgotten, size, head or 0, oldest)

    async def read_head(self) -> str | None:
        """Return the hash of the last entry."""
        query = "SELECT hash FROM harness.seal ORDER BY seq DESC LIMIT 1"
        rows = await self._database.fetch(query)
        return rows[0][0] if rows else None

    async def reindex(self, seq: int, index: SealIndex) -> None:
        await self._database.fetch(REINDEX, (*index.values, seq))

    # --- inside

    async def _fetch_rows(self, query: LiteralString, params: tuple[Any, ...]) -> list[SealRow]:
        return [_to_seal_row(row) for row in await self._database.fetch(query, params)]

    async def _lock_chain(self, connection: AsyncConnection[Row]) -> None:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))


def _to_seal_row(row: Row) -> SealRow:
    seq, hash, entry, kind, namespace, run, run_ids, sealed, content, key = row
    return SealRow(
        seq, hash, bytes(entry), kind, namespace, run, tuple(run_ids),
        sealed.timestamp(), content,
        None if key is None else bytes(key),
    )  # fmt: skip


async def _add_entries(
    connection: AsyncConnection[Row], new: Sequence[NewSeal], vault: Vault
) -> list[SealRow]:
    """Append entries after the last one. The caller holds the lock."""
    cursor = await connection.execute(
        "SELECT seq, hash FROM harness.seal ORDER BY seq DESC LIMIT 1"
    )
    seq, prev = await cursor.fetchone() or (0, START)
    rows: list[SealRow] = []
    values: list[tuple[Any, ...]] = []
    for seal in new:
        seq += 1
        entry = seal.entry.model_copy(update={"seq": seq, "prev": prev})
        if entry.seals and vault.signer is not None:
            mac = vault.signer.sign(STONE, _unsigned_wire(entry))
            entry = entry.model_copy(update={"mac": mac})
        data = entry.wire()
        prev = hash_of(data)
        ids = tuple(entry.run_ids)
        rows.append(
            SealRow(
                seq,
                prev,
                data,
                entry.kind,
                entry.namespace,
                entry.run,
                ids,
                entry.at,
                seal.content,
                seal.key,
            )
        )
        values.append(
            (
                seq, prev, data, entry.kind, entry.namespace, entry.run, list(ids), entry.at,
                seal.content, seal.key, *seal.index.values,
            )
        )  # fmt: skip
    if values:
        async with connection.cursor() as many:
            await many.executemany(INSERT, values)
    return rows


def _key_place(run: str, content: str | None) -> bytes:
    return place_of("seal.key", run, content)


def _unsigned_wire(entry: SealEntry) -> bytes:
    return entry.model_copy(update={"mac": None}).wire()
