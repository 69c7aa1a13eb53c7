"""Start a workflow at regular intervals, by a schedule of Temporal's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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


async def keep_schedule(
    client: Client, queue: str, workflow: str, argument: Any, *, every: timedelta, summary: str
) -> None:
    """Start a workflow at regular intervals, and once now; one at a time. The schedule and its
    workflows are named after the task queue. If it exists, its interval is corrected."""
    plan = Schedule(
        action=ScheduleActionStartWorkflow(
            workflow, argument, id=queue, task_queue=queue, static_summary=summary
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


async def delete_schedule(client: Client, queue: str) -> None:
    """Delete a schedule, if there is one."""
    try:
        await client.get_schedule_handle(queue).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
