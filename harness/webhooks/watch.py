"""Wake the deliveries of a run, before its worker does something for it.

Every activity of a run passes here: so no daemon is needed, and a run's history does not change. A
delivery follows its run until that is quiet, and is woken by the run's next activity. Events that
only a signal causes, such as a pause of a run that waits, have no activity: if the delivery sleeps,
they are sent when its timer next fires (see the workflow).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from harness.engine.connection import Connection
from harness.history.owner import read_owner
from harness.webhooks.client import start_delivery
from harness.webhooks.deliver import QUIET_S
from harness.webhooks.store import Deliveries, Webhooks

AWAKE_S = QUIET_S / 2
"""After this time without an activity, a delivery may have stopped following."""
KEPT = 10_000
"""Most runs that are remembered."""


def watch_runs(connection: Connection) -> Callable[[str, str], Awaitable[None]]:
    """Make the function that is called before each activity of a run."""
    return RunWatch(connection).notice


class RunWatch:
    """When each run was last active in this process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._active: OrderedDict[str, float] = OrderedDict()

    async def notice(self, run: str, agent: str) -> None:
        """Wake the deliveries of a run, unless they must be awake."""
        now = time.monotonic()
        last = self._active.get(run)
        self._active[run] = now
        self._active.move_to_end(run)
        if len(self._active) > KEPT:
            self._active.popitem(last=False)
        if last is not None and now - last < AWAKE_S:
            return
        try:
            await self._wake(run, agent)
        except BaseException:
            self._active.pop(run, None)  # the activity's next attempt tries again
            raise

    async def _wake(self, run: str, agent: str) -> None:
        webhooks = Webhooks(self._connection)
        if not await webhooks.has_any(agent):
            return
        owner = await read_owner(self._connection, run)
        found = await webhooks.find_covering(owner, agent)
        if not found:
            return
        # Those that are disabled too, for a while: they get this run when they are resumed.
        await Deliveries(self._connection.database).follow([each.id for each in found], run)
        for each in found:
            if each.state != "disabled":
                await start_delivery(self._connection, each.id, run)
