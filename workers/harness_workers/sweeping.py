"""The sweep in a worker process: it is scheduled, triggered once and served, beside the agents."""

from __future__ import annotations

import asyncio
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
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness.commons.log import get_logger
from harness.contracts.queues import archive_queue
from harness.contracts.seal import SWEEP, SweepSpec
from harness.engine.connection import Connection
from harness.store.seals import store_id
from harness.version import __version__
from harness_activities.archive import ArchiveActivities
from harness_workflows.sweep import Sweep

DELAY_S = 2.0
"""A command that is over by then pays nothing for the archive; a longer one takes part."""

log = get_logger(__name__)


async def sweep_on(connection: Connection) -> None:
    """Serve the sweep until cancelled. What fails here is said, and disturbs no run."""
    await asyncio.sleep(DELAY_S)
    try:
        queue = archive_queue(await store_id(connection.database))
        if not connection.settings.archive.enabled:
            await _unschedule(connection.temporal, queue)
            return
        async with _worker(connection, queue):
            await schedule(connection, queue)
            await asyncio.Event().wait()
    except Exception as error:
        log.warning("ended runs are not sealed by this process", error=str(error))


async def schedule(connection: Connection, queue: str) -> None:
    """Have a sweep started from time to time, and now."""
    client = connection.temporal
    every = timedelta(minutes=connection.settings.archive.every_minutes)
    plan = Schedule(
        action=ScheduleActionStartWorkflow(
            SWEEP, SweepSpec(), id=queue, task_queue=queue, static_summary="Seal ended runs"
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=every),
    )

    def change(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
        intervals = [each.every for each in found.description.schedule.spec.intervals]
        return None if intervals == [every] else ScheduleUpdate(plan)

    try:
        await client.create_schedule(queue, plan, trigger_immediately=True)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(queue)
        await handle.update(change)
        await handle.trigger()


async def _unschedule(client: Client, queue: str) -> None:
    try:
        await client.get_schedule_handle(queue).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


def _worker(connection: Connection, queue: str) -> Worker:
    """As narrow as can be; what it has in hand when the process leaves is done by the next one."""
    return Worker(
        connection.temporal,
        task_queue=queue,
        workflows=[Sweep],
        activities=[ArchiveActivities(connection).seal_ended],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=0,
        max_concurrent_activities=1,
        max_concurrent_workflow_task_polls=1,
        max_concurrent_activity_task_polls=1,
        build_id=f"harness-{__version__}",
    )
