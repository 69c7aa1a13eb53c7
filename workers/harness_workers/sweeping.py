"""Create the schedule of the sweep; every worker process does so."""

from __future__ import annotations

from datetime import timedelta

from harness.archive.settings import ArchiveSettings
from harness.contracts.queues import archive_queue
from harness.contracts.seal import SWEEP, SweepSpec
from harness.engine.connection import Connection
from harness.engine.schedules import delete_schedule, keep_schedule
from harness.store.store_id import get_store_id


async def serve_sweep(connection: Connection) -> None:
    """Schedule the sealing of ended runs, or delete the schedule if the archive is disabled."""
    queue = archive_queue(await get_store_id(connection.database))
    if connection.settings.section(ArchiveSettings).enabled:
        await schedule_sweep(connection, queue)
    else:
        await delete_schedule(connection.temporal, queue)


async def schedule_sweep(connection: Connection, queue: str) -> None:
    """Schedule a sweep at regular intervals, and start one now."""
    await keep_schedule(
        connection.temporal, queue, SWEEP, SweepSpec(),
        every=timedelta(minutes=connection.settings.section(ArchiveSettings).every_minutes),
        summary="Seal ended runs",
    )  # fmt: skip
