"""All SQL of the request log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, LiteralString

from harness.contracts.errors import StoreError
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.request_log.rows import EntryRow, NewEntry
from harness.request_log.settings import RequestLogSettings, read_keep
from harness.store.database import Database, Row

BUCKETS = 16
"""How many full buckets are kept at least: as much as is deleted at once is lost too early."""
SPAN_S = 3600.0
DELETE_ROWS = 2_000

OPEN = """
WITH open AS (
  SELECT id FROM harness_request_log.bucket
  WHERE began > now() - make_interval(secs => %(span)s) AND bytes < %(most)s
  ORDER BY id DESC LIMIT 1
), made AS (
  INSERT INTO harness_request_log.bucket (began)
  SELECT now() WHERE NOT EXISTS (SELECT FROM open) RETURNING id
)
SELECT id, made, extract(epoch FROM clock_timestamp())::float8
FROM (SELECT id, false FROM open UNION ALL SELECT id, true FROM made) AS b (id, made)
"""
WRITE = """
WITH counted AS (
  UPDATE harness_request_log.bucket SET entries = entries + %(entries)s,
    bytes = bytes + %(bytes)s, dropped = dropped + %(dropped)s WHERE id = %(bucket)s
), parts AS (
  INSERT INTO harness_request_log.part (bucket, run, digest, content)
  SELECT %(bucket)s, * FROM unnest(
    %(part_run)b::text[], %(part_digest)b::bytea[], %(part_content)b::bytea[])
  ON CONFLICT DO NOTHING
)
INSERT INTO harness_request_log.entry (
  id, bucket, run, owner, agent, session, turn, call, attempt, purpose, model, status, at, ms,
  first_ms, input, output, cached, cost_micros, request_id, content)
SELECT id, %(bucket)s, run, owner, agent, session, turn, call, attempt, purpose, model, status,
  to_timestamp(at), ms, first_ms, input, output, cached, cost_micros,
  request_id, content
FROM unnest(
  %(id)b::text[], %(run)b::text[], %(owner)b::text[], %(agent)b::text[], %(session)b::text[],
  %(turn)b::int[], %(call)b::int[], %(attempt)b::int[], %(purpose)b::text[], %(model)b::text[],
  %(status)b::text[], %(at)b::float8[], %(ms)b::float8[], %(first_ms)b::float8[],
  %(input)b::bigint[], %(output)b::bigint[], %(cached)b::bigint[], %(cost_micros)b::bigint[],
  %(request_id)b::text[], %(content)b::bytea[]
) AS e (id, run, owner, agent, session, turn, call, attempt, purpose, model, status, at, ms,
  first_ms, input, output, cached, cost_micros, request_id, content)
-- A run may have been forgotten while its last entries were waiting to be written.
WHERE NOT EXISTS (
  SELECT FROM harness.seal s WHERE s.run = e.run AND s.kind = 'forgotten'
    AND s.sealed > to_timestamp(e.at))
ON CONFLICT (id) DO NOTHING
"""
COLUMNS = """
SELECT id, bucket, run, owner, agent, session, turn, call, attempt, purpose, model, status,
  extract(epoch FROM at)::float8, ms, first_ms, input, output, cached, cost_micros, request_id,
  content
FROM harness_request_log.entry
"""
LIST: LiteralString = (
    COLUMNS
    + """
WHERE (%(owner)s::text IS NULL OR owner = %(owner)s)
  AND (%(run)s::text IS NULL OR run = %(run)s)
  AND (%(turn)s::int IS NULL OR turn = %(turn)s)
  AND (%(model)s::text IS NULL OR model = %(model)s)
  AND (%(status)s::text IS NULL OR status = %(status)s
    OR (%(status)s = 'error' AND status NOT IN ('ok', 'cancelled')))
  AND (%(since)s::float8 IS NULL OR at >= to_timestamp(%(since)s))
  AND (%(before_id)s::text IS NULL
    OR (at, id) < (to_timestamp(%(before_at)s::float8), %(before_id)s))
  AND at >= now() - make_interval(secs => %(keep)s)
ORDER BY at DESC, id DESC LIMIT %(limit)s
"""
)
FIND: LiteralString = (
    COLUMNS + " WHERE id = %(id)s AND at >= now() - make_interval(secs => %(keep)s)"
)
PREVIOUS: LiteralString = (
    COLUMNS
    + """
WHERE run = %(run)s AND purpose = %(purpose)s
  AND (at, id) < (to_timestamp(%(at)s::float8), %(id)s)
  AND at >= now() - make_interval(secs => %(keep)s)
ORDER BY at DESC, id DESC LIMIT 1
"""
)
# The oldest buckets, as long as what is newer fills the log; never the one that is written to.
EXPIRED = """
SELECT max(id) FROM (
  SELECT id, began, sum(bytes) OVER (ORDER BY id DESC) AS total, max(id) OVER () AS newest
  FROM harness_request_log.bucket
) AS b
WHERE began < now() - make_interval(secs => %(keep)s + %(span)s)
  OR (total > %(most)s AND id < newest)
"""
DELETE = (
    """
DELETE FROM harness_request_log.entry WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM harness_request_log.entry WHERE bucket <= %(bucket)s LIMIT %(rows)s)) RETURNING 1
""",
    """
DELETE FROM harness_request_log.part WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM harness_request_log.part WHERE bucket <= %(bucket)s LIMIT %(rows)s)) RETURNING 1
""",
)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What the log holds."""

    entries: int
    bytes: int
    dropped: int


class RequestStore:
    """Entries, parts and buckets in Postgres; content is encrypted with the key of its run."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def open_bucket(self, settings: RequestLogSettings) -> tuple[int, bool, float]:
        """Find the bucket to write to; begins one if the newest is old or full, and says so.
        Returns the time too."""
        limits = {"span": _span_of(settings), "most": settings.max_total_bytes // BUCKETS}
        rows = await self._database.fetch(OPEN, limits)
        return rows[0][0], rows[0][1], rows[0][2]

    async def write(self, bucket: int, entries: Sequence[NewEntry], dropped: int) -> None:
        """Write entries, and count what was dropped."""
        names = [field.name for field in fields(EntryRow) if field.name != "bucket"]
        values: dict[str, Any] = {
            name: [getattr(entry.row, name) for entry in entries] for name in names
        }
        parts = [(e.row.run, digest, part) for e in entries for digest, part in e.parts]
        encrypt = self._vault.encrypt
        content = [
            await encrypt(entry.row.run, entry.content, _place_of_entry(entry.row))
            for entry in entries
        ]
        sealed = [
            await encrypt(run, part, _place_of_part(bucket, run, digest))
            for run, digest, part in parts
        ]
        values |= {
            "bucket": bucket, "entries": len(entries), "dropped": dropped,
            "bytes": sum(map(len, content)) + sum(map(len, sealed)), "content": content,
            "part_run": [run for run, _, _ in parts],
            "part_digest": [digest for _, digest, _ in parts], "part_content": sealed,
        }  # fmt: skip
        await self._database.fetch(WRITE, values)

    async def list_entries(self, which: dict[str, Any]) -> list[tuple[EntryRow, bytes]]:
        """List entries, the newest first."""
        return [_read_row(row) for row in await self._database.fetch(LIST, which)]

    async def find(self, id: str, keep: float) -> tuple[EntryRow, bytes] | None:
        """Find an entry."""
        rows = await self._database.fetch(FIND, {"id": id, "keep": keep})
        return _read_row(rows[0]) if rows else None

    async def find_previous(self, row: EntryRow, keep: float) -> tuple[EntryRow, bytes] | None:
        """Find the entry before this one, of the same run and for the same purpose."""
        where = {"run": row.run, "purpose": row.purpose, "at": row.at, "id": row.id, "keep": keep}
        rows = await self._database.fetch(PREVIOUS, where)
        return _read_row(rows[0]) if rows else None

    async def read_content(self, row: EntryRow, stored: bytes) -> bytes:
        """Decrypt the content of an entry; raises StoreError if it was changed or forgotten."""
        return await self._vault.decrypt(stored, _place_of_entry(row))

    async def read_parts(self, row: EntryRow, digests: Iterable[bytes]) -> dict[bytes, bytes]:
        """Read parts of an entry's request, as far as they are stored and authentic."""
        rows = await self._database.fetch(
            "SELECT digest, content FROM harness_request_log.part "
            "WHERE bucket = %s AND run = %s AND digest = ANY(%s)",
            (row.bucket, row.run, list(digests)),
        )
        found = dict[bytes, bytes]()
        for digest, stored in rows:
            place = _place_of_part(row.bucket, row.run, bytes(digest))
            try:
                found[bytes(digest)] = await self._vault.decrypt(bytes(stored), place)
            except StoreError as error:
                if error.retryable:
                    raise
        return found

    async def find_expired(self, settings: RequestLogSettings) -> int | None:
        """Find the newest bucket that is to be deleted, with all before it."""
        keep = read_keep(settings.keep).total_seconds()
        limits = {"keep": keep, "span": _span_of(settings), "most": settings.max_total_bytes}
        rows = await self._database.fetch(EXPIRED, limits)
        return rows[0][0]

    async def find_oldest(self) -> int | None:
        """The oldest bucket."""
        rows = await self._database.fetch("SELECT min(id) FROM harness_request_log.bucket")
        return rows[0][0]

    async def delete_until(self, bucket: int) -> int:
        """Delete all buckets up to this one, in short statements; returns the number of entries."""
        counts = [0, 0]
        for place, statement in enumerate(DELETE):
            values = {"bucket": bucket, "rows": DELETE_ROWS}
            while gone := len(await self._database.fetch(statement, values)):
                counts[place] += gone
        await self._database.fetch(
            "DELETE FROM harness_request_log.bucket WHERE id <= %s", (bucket,)
        )
        return counts[0]

    async def read_totals(self) -> Totals:
        """Count what the log holds."""
        rows = await self._database.fetch(
            "SELECT coalesce(sum(entries), 0)::bigint, coalesce(sum(bytes), 0)::bigint, "
            "coalesce(sum(dropped), 0)::bigint FROM harness_request_log.bucket"
        )
        return Totals(entries=rows[0][0], bytes=rows[0][1], dropped=rows[0][2])


async def delete_requests(database: Database, runs: Sequence[str]) -> int:
    """Delete the requests of runs that are forgotten; returns their number. There is none if the
    capability was never enabled."""
    rows = await database.fetch("SELECT to_regclass('harness_request_log.entry') IS NOT NULL")
    if not rows[0][0]:
        return 0
    rows = await database.fetch(
        "WITH parts AS (DELETE FROM harness_request_log.part WHERE run = ANY(%(runs)s)) "
        "DELETE FROM harness_request_log.entry WHERE run = ANY(%(runs)s) RETURNING 1",
        {"runs": list(runs)},
    )
    return len(rows)


def _span_of(settings: RequestLogSettings) -> float:
    """How long one bucket is written to, in seconds."""
    return min(SPAN_S, read_keep(settings.keep).total_seconds() / 24)


def _read_row(row: Row) -> tuple[EntryRow, bytes]:
    names = [field.name for field in fields(EntryRow)]
    return EntryRow(**dict(zip(names, row[:-1], strict=True))), bytes(row[-1])


def _place_of_entry(row: EntryRow) -> bytes:
    return place_of(
        "request_log.entry", row.id, row.bucket, row.run, row.owner is not None, row.owner or ""
    )


def _place_of_part(bucket: int, run: str, digest: bytes) -> bytes:
    return place_of("request_log.part", bucket, run, digest.hex())
