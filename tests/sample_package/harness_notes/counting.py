"""Counting: a service in each worker process keeps a schedule, which starts a workflow.

The schedule has no permit to show, so the record says `unsigned`. What such a workflow does must be
harmless whoever starts it: this one takes no input and changes nothing.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleSpec,
)

from harness.extensions import Connection, own_queue
from harness_notes import store
from harness_notes.capability import NOTE_COUNT
from harness_notes.settings import NoteCountSettings


async def serve_schedule(connection: Connection) -> None:
    """Create the schedule. Every worker process does, so it may exist."""
    queue = await own_queue(connection, NOTE_COUNT)
    every = timedelta(minutes=connection.settings.section(NoteCountSettings).every_minutes)
    plan = Schedule(
        action=ScheduleActionStartWorkflow("CountNotes", id=queue, task_queue=queue),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
    )
    try:
        await connection.temporal.create_schedule(queue, plan, trigger_immediately=True)
    except ScheduleAlreadyRunningError:
        return


def make_activities(connection: Connection) -> list[Callable[..., Any]]:
    """The activities of counting, for one worker process."""

    @activity.defn
    async def count_notes() -> int:
        return len(await store.read_notes(connection.database))

    return [count_notes]
