"""Wait for the end of a run."""

from __future__ import annotations

from harness.contracts.errors import RunFailed, RunNotFound
from harness.contracts.event import RunEnded
from harness.contracts.run import RunEnd, Totals
from harness.engine.connection import Connection
from harness.history import live
from harness.history.follow import Feeds


async def wait_for_end(connection: Connection, feeds: Feeds, run: str) -> RunEnd:
    """How the run ends, however it does."""
    if not feeds.is_read(run) and (end := await _completed(connection, run)):
        return end
    last: RunEnded | None = None
    async for event in feeds.follow_durable(run):
        if isinstance(event, RunEnded):
            last = event
    if last is None:
        raise RunFailed(f"Run {run!r} has ended without a recorded result.")
    return RunEnd(
        state=last.state,
        output=last.output,
        data=last.data,
        truncated=last.truncated,
        head=last.head,
        totals=last.totals or Totals(),
        reason=last.reason,
        error=last.error,
        undone=last.undone,
        handed_to=last.handed_to,
    )


async def _completed(connection: Connection, run: str) -> RunEnd | None:
    try:
        return await live.wait_for_completion(connection.temporal, run)
    except RunNotFound:
        return None  # its events are looked for in the archive too
