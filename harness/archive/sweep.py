"""Sealing ended runs, before the engine's retention forgets them, and taking content away again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from harness.archive.sealing import MEDIA_TYPE, draft_seal, read_index
from harness.archive.settings import ArchiveSettings
from harness.commons.log import get_logger
from harness.contracts.errors import (
    ArchiveChanged,
    Forgotten,
    RunBusy,
    RunError,
    RunNotFound,
    StoreError,
)
from harness.contracts.errors.run import not_a_run
from harness.contracts.seal import Kind, Sealed, SealEntry
from harness.engine.connection import Connection, get_identity
from harness.history import live
from harness.history.executions import (
    ENDED,
    closed_before,
    list_closed,
    read_chain,
    retention_s,
    sealed_types,
)
from harness.history.reader import open_seals
from harness.journal import VERSION
from harness.store.seals import NewSeal, SealRow
from harness.version import __version__

AT_ONCE = 16
BATCH = 64
PASS = 2000
"""Most runs that one pass seals."""
OVERLAP_S = 3600.0
"""Overlap of passes: Temporal's index lags behind, and clocks differ."""
ORPHANED_S = 3600.0
DAY_S = 86_400.0

Progress = Callable[[int], None]
log = get_logger(__name__)


@dataclass(frozen=True)
class Ended:
    """A closed execution that is not sealed."""

    run: str
    run_id: str
    closed: float


async def seal_run(connection: Connection, run: str) -> SealRow:
    """Seal an ended run, or return its seal."""
    store = open_seals(connection)
    try:
        run_id = await live.newest_execution(connection.temporal, run)
    except RunError:
        if rows := await store.seals_of_run(run, connection.endpoints.namespace):
            return rows[0]
        raise
    if (row := await newest_seal(connection, run, run_id)) is not None:
        return row
    walked = await read_chain(connection, run, run_id)
    if walked is None or walked.kind == "part":
        raise RunBusy(f"Run {run!r} is still running.", fix="Seal it once it has ended.")
    if walked.workflow not in sealed_types():
        raise not_a_run(run)
    rows = await store.append([await draft_seal(connection, walked)])
    row = rows[0] if rows else await newest_seal(connection, run, run_id)
    if row is None:
        raise ArchiveChanged(f"The seal of run {run!r} was removed as soon as it was made.")
    return row


async def newest_seal(connection: Connection, run: str, run_id: str) -> SealRow | None:
    """Find the seal of the run that ended with this execution."""
    rows = await open_seals(connection).seals_of_run(run, connection.endpoints.namespace)
    return next((r for r in rows if r.kind != "part" and r.run_ids[-1] == run_id), None)


async def seal_ended(
    connection: Connection,
    since: float | None = None,
    *,
    limit: int = PASS,
    at_once: int = AT_ONCE,
    progress: Progress = lambda _: None,
) -> Sealed:
    """Seal runs that have ended since then and are not sealed; delete expired content."""
    begun = time.time()
    if since is not None and since // DAY_S != begun // DAY_S:
        since = None  # once a day check all: a store may have been restored from a backup
    if since is None:
        await complete_index(connection)
    deleted = await delete_old(connection)
    found = [each async for each in find_unsealed(connection, since)]
    done, failed = 0, list[Ended]()
    chosen = found[:limit]
    for at in range(0, len(chosen), BATCH):
        batch = chosen[at : at + BATCH]
        drafts, lost = await _draft_seals(connection, batch, at_once)
        failed += lost
        done += len(await open_seals(connection).append(drafts))
        progress(done)
    more = len(found) > len(chosen) and done > 0
    back = [each.closed for each in (found if more else failed)]
    return Sealed(
        since=min([begun, *back]), sealed=done, failed=len(failed), deleted=deleted,
        more=True if more else None,
    )  # fmt: skip


async def seal_all(connection: Connection, progress: Progress = lambda _: None) -> tuple[int, int]:
    """Seal all runs that have ended, pass by pass. Returns how many were sealed, and how many of
    the last pass could not be."""
    since, sealed, failed, more = None, 0, 0, True
    while more:
        before = sealed
        done = await seal_ended(connection, since, progress=lambda n: progress(before + n))  # noqa: B023 - called in this pass
        sealed, failed, more = sealed + done.sealed, done.failed, bool(done.more)
    return sealed, failed


async def find_unsealed(connection: Connection, since: float | None = None) -> AsyncIterator[Ended]:
    """Yield unsealed closed executions: of ended runs, and of open ones after half of Temporal's
    retention."""
    client = connection.temporal
    after = None if since is None else since - OVERLAP_S
    half = await retention_s(client) / 2
    aging = None if after is None else after - half
    seen = set[str]()
    for which, start in ((ENDED, after), (closed_before(time.time() - half), aging)):
        page: list[Ended] = []
        async for row in list_closed(client, which, start):
            if row.run_id:
                ended = row.close_time.timestamp() if row.close_time else time.time()
                page.append(Ended(row.id, row.run_id, ended))
            if len(page) == 1000:
                for each in await _filter_unsealed(connection, page, seen):
                    yield each
                page = []
        for each in await _filter_unsealed(connection, page, seen):
            yield each


# --- taking away


async def delete_old(connection: Connection) -> int:
    """Delete content older than `archive.keep_days`, and content without a seal."""
    days = connection.settings.section(ArchiveSettings).keep_days
    for id in await connection.stores.artifacts.list_unsealed(MEDIA_TYPE, time.time() - ORPHANED_S):
        await connection.stores.artifacts.delete(id)
    deleted = 0
    while days is not None:
        rows = await open_seals(connection).list_old(time.time() - days * DAY_S)
        deleted += await _drop_content(connection, rows, "deleted")
        if not rows:
            break
    return deleted


async def forget_seals(
    connection: Connection, runs: Sequence[str], *, by: str | None = None
) -> int:
    """Remove content and keys of these runs from the archive; the chain records it and stays valid.
    `by`: who wants it, user@host of this process by default. Returns the number of seals."""
    store, namespace = open_seals(connection), connection.endpoints.namespace
    rows = [row for run in runs for row in await store.seals_of_run(run, namespace)]
    return await _drop_content(connection, rows, "forgotten", by)


async def _drop_content(
    connection: Connection, rows: Sequence[SealRow], kind: Kind, by: str | None = None
) -> int:
    stone = SealEntry(
        seq=0, prev="", kind=kind, run="", namespace="", at=time.time(),
        by=by or get_identity(), harness=__version__, projector=VERSION,
    )  # fmt: skip
    ids = await open_seals(connection).drop_content(rows, kind, stone)
    for id in ids:
        await connection.stores.artifacts.delete(id)
    return len(ids)


async def rebuild_index(connection: Connection, progress: Progress = lambda _: None) -> int:
    """Rebuild the index of all seals from their content. Returns the number of seals read."""
    done = 0
    async for row in open_seals(connection).iterate_chain():
        if row.content is not None and await _reindex(connection, row):
            done += 1
            progress(done)
    return done


async def complete_index(connection: Connection) -> None:
    """Index the seals of runs that could not be read when they were sealed: by an older version, or
    without the key."""
    for row in await open_seals(connection).list_unindexed():
        await _reindex(connection, row)


async def _reindex(connection: Connection, row: SealRow) -> bool:
    """Index a seal from its content; False if that cannot be read."""
    index = await read_index(connection, row)
    if index is not None:
        await open_seals(connection).reindex(row.seq, index)
    return index is not None


# --- inside


async def _filter_unsealed(
    connection: Connection, page: Sequence[Ended], seen: set[str]
) -> list[Ended]:
    known = await open_seals(connection).find_sealed([each.run_id for each in page])
    left = [each for each in page if each.run_id not in known | seen]
    seen.update(each.run_id for each in left)
    return left


async def _draft_seals(
    connection: Connection, batch: Sequence[Ended], at_once: int
) -> tuple[list[NewSeal], list[Ended]]:
    """Draft seals; returns them, and the executions that failed."""
    slots, failed = asyncio.Semaphore(at_once), list[Ended]()

    async def one(each: Ended) -> NewSeal | None:
        async with slots:
            try:
                walked = await read_chain(connection, each.run, each.run_id)
                return await draft_seal(connection, walked) if walked else None
            except (RunNotFound, Forgotten):
                return None  # forgotten meanwhile
            except (RunError, StoreError) as error:
                if isinstance(error, StoreError) and error.retryable:
                    raise
                failed.append(each)
                log.warning("a run could not be sealed", run=each.run, error=error.message)
        return None

    drafts = await asyncio.gather(*(one(each) for each in batch))
    return _unique_drafts([each for each in drafts if each]), failed


def _unique_drafts(drafts: list[NewSeal]) -> list[NewSeal]:
    """Drop duplicates: several executions of one run may have been found."""
    return list({each.entry.run_ids[-1]: each for each in drafts}.values())
