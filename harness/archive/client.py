"""What commands and routes do with the archive."""

from __future__ import annotations

from harness.archive import sweep
from harness.archive.settings import ArchiveSettings
from harness.archive.status import read_status
from harness.archive.verify import verify_all
from harness.archive.views import (
    ArchivedRuns,
    ArchiveVerification,
    ArchiveView,
    Rebuilt,
    Seal,
    SealedRuns,
)
from harness.contracts.run import RunState
from harness.engine.connection import Connection
from harness.history.reader import open_seals
from harness.runs.listing import RunRow
from harness.store.seals import Listed

Progress = sweep.Progress


async def show_archive(connection: Connection) -> ArchiveView:
    """Show what is sealed, and what is not yet."""
    enabled = connection.settings.section(ArchiveSettings).enabled
    return ArchiveView.of(await read_status(connection), enabled=enabled)


async def list_archived(
    connection: Connection,
    *,
    agent: str | None = None,
    state: str | None = None,
    session: str | None = None,
    limit: int | None = None,
) -> ArchivedRuns:
    """List sealed runs, the newest first. The archive has no index of owners."""
    namespace = connection.endpoints.namespace
    listed = await open_seals(connection).list_runs(
        namespace, agent=agent, state=state, session=session, limit=limit
    )
    return ArchivedRuns(runs=[_to_row(each) for each in listed])


async def seal_run(connection: Connection, run: str) -> Seal:
    """Seal an ended run, or find its seal."""
    row = await sweep.seal_run(connection, run)
    return Seal(run=run, seq=row.seq, token=row.hash)


async def seal_all(connection: Connection, progress: Progress) -> SealedRuns:
    """Seal all runs that have ended."""
    sealed, failed = await sweep.seal_all(connection, progress)
    return SealedRuns(sealed=sealed, failed=failed)


async def rebuild_archive(connection: Connection, progress: Progress) -> Rebuilt:
    """Rebuild the index of all seals from their content."""
    return Rebuilt(rebuilt=await sweep.rebuild_index(connection, progress))


async def verify_archive(
    connection: Connection, token: str | None, progress: Progress, *, engine: bool
) -> ArchiveVerification:
    """Verify the whole chain, and the content of every seal."""
    report = await verify_all(connection, token=token, engine=engine, progress=progress)
    return ArchiveVerification.of(report)


def _to_row(listed: Listed) -> RunRow:
    index = listed.index
    return RunRow(
        id=listed.run,
        agent=index.agent or "",
        state=RunState(index.state) if index.state else RunState.FAILED,
        model=index.model or "",
        session=index.session,
        started=index.started or 0.0,
        ended=index.ended,
        tokens=index.tokens,
        cost_micros=index.cost_micros,
    )
