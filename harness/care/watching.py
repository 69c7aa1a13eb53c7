"""Keep the schedule that evaluates all invariants, as long as there are any."""

from __future__ import annotations

from datetime import timedelta

from temporalio.service import RPCError

from harness.care.contracts import WATCH_WORKFLOW, Evaluate
from harness.care.settings import CareSettings
from harness.care.store import CareStore
from harness.contracts.errors import StackUnreachable
from harness.contracts.queues import capability_queue
from harness.engine.connection import Connection
from harness.engine.schedules import delete_schedule, keep_schedule
from harness.store.store_id import get_store_id


async def keep_watch(connection: Connection) -> None:
    """Create the schedule of the watch if there are invariants; delete it if there are none.

    Raises:
        StackUnreachable: Temporal does not answer. What was changed before stays changed.
    """
    try:
        await _keep(connection)
    except RPCError as error:
        raise StackUnreachable(
            "The change was made, but Temporal does not answer, so the schedule of evaluations may "
            f"not know of it: {error.message}",
            fix="Repeat it: that is safe. A worker that starts corrects the schedule too.",
        ) from error


async def _keep(connection: Connection) -> None:
    queue = capability_queue("care_watch", await get_store_id(connection.database))
    if not await CareStore(connection.database).has_invariants():
        await delete_schedule(connection.temporal, queue)
        return
    seconds = connection.settings.section(CareSettings).evaluate_seconds
    await keep_schedule(
        connection.temporal, queue, WATCH_WORKFLOW, Evaluate(),
        every=timedelta(seconds=seconds), summary="Evaluate invariants",
    )  # fmt: skip
