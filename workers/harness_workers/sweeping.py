"""Create the schedule of the sweep; every worker process does so."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from harness.archive.settings import ArchiveSettings
from harness.contracts.queues import archive_queue
from harness.contracts.seal import SWEEP, SweepSpec
from harness.engine.connection import Connection
from harness.store.store_id import get_store_id


async def serve_sweep(connection: Connection) -> None:
    """Schedule the sealing of ended runs, or delete the schedule if the archive is disabled."""
    queue = archive_queue(await get_store_id(connection.database))
    if connection.settings.section(ArchiveSettings).enabled:
        await schedule_sweep(connection, queue)
    else:
        await _delete_schedule(connection.temporal, queue)


async def schedule_sweep(connection: Connection, queue: str) -> None:
    """Schedule a sweep at regular intervals, and start one now."""
    client = connection.temporal
    every = timedelta(minutes=connection.settings.section(ArchiveSettings).every_minutes)
    plan = Schedule(
        action=ScheduleActionStartWorkflow(
            SWEEP, SweepSpec(), id=queue, task_queue=queue, static_summary="Seal ended runs"
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=every),
    )

    def change_interval(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
        intervals = [each.every for each in found.description.schedule.spec.intervals]
        return None if intervals == [every] else ScheduleUpdate(plan)

    try:
        await client.create_schedule(queue, plan, trigger_immediately=True)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(queue)
        await handle.update(change_interval)
        await handle.trigger()


async def _delete_schedule(client: Client, queue: str) -> None:
    try:
        await client.get_schedule_handle(queue).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
