"""The routes of the archive."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.event_stream import EventStream
from harness.api.route import Route
from harness.api.work_stream import count_progress, stream_work
from harness.archive import client
from harness.archive.verify import verify_run
from harness.archive.views import ArchivedRuns, ArchiveView, Seal, Verification
from harness.contracts.run import RunState

Token = Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")]
SSE = "text/event-stream"


async def verify(run: VisibleRun, context: Context, token: Token = None) -> Verification:
    """Check that a sealed run is unchanged: the seal with this replay token, or the newest one."""
    return Verification.of(await verify_run(context.connection, run, token))


async def seal(run: VisibleRun, context: Context) -> Seal:
    """Seal a run that has ended now, or read its seal. Workers seal ended runs anyway."""
    return await client.seal_run(context.connection, run)


async def show_archive(context: Context) -> ArchiveView:
    """Read what is sealed, and what is not yet."""
    return await client.show_archive(context.connection)


async def list_archived_runs(
    context: Context,
    state: RunState | None = None,
    agent: str | None = None,
    session: str | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 50,
) -> ArchivedRuns:
    """List sealed runs of all users, the newest first, also those that Temporal no longer has."""
    return await client.list_archived(
        context.connection, agent=agent, state=state, session=session, limit=limit
    )


async def seal_all(context: Context, caller: CallerOf) -> EventStream:
    """Seal all runs that have ended: `progress` events, then a `result`. A client that leaves stops
    it; what is sealed stays sealed, and the same request goes on from there."""
    connection = context.connection
    work = stream_work(lambda report: client.seal_all(connection, count_progress(report)))
    return EventStream(context, caller, work)


async def verify_archive(
    context: Context, caller: CallerOf, token: Token = None, engine: bool = False
) -> EventStream:
    """Verify the whole chain of seals and the content of each: `progress` events, then a `result`.
    A client that leaves stops it. It changes nothing."""
    connection = context.connection
    work = stream_work(
        lambda report: client.verify_archive(
            connection, token, count_progress(report), engine=engine
        )
    )
    return EventStream(context, caller, work)


async def rebuild_archive(context: Context, caller: CallerOf) -> EventStream:
    """Rebuild the index of all seals from their content: `progress` events, then a `result`. A
    client that leaves stops it; the same request does it again."""
    connection = context.connection
    work = stream_work(lambda report: client.rebuild_archive(connection, count_progress(report)))
    return EventStream(context, caller, work)


ROUTES = (
    Route("GET", "/runs/{run}/verify", verify, Role.VIEWER),
    Route("POST", "/runs/{run}/seal", seal, Role.OPERATOR),
    Route("GET", "/archive", show_archive, Role.ADMIN),
    Route("GET", "/archive/runs", list_archived_runs, Role.ADMIN),
    Route("POST", "/archive/seal", seal_all, Role.ADMIN, media_type=SSE),
    Route("POST", "/archive/verify", verify_archive, Role.ADMIN, media_type=SSE),
    Route("POST", "/archive/rebuild", rebuild_archive, Role.ADMIN, media_type=SSE),
)
