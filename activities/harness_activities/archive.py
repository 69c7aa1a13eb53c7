"""The activity of a sweep: `seal_ended`."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from harness.archive import sweep
from harness.contracts.seal import Sealed, SealEnded
from harness.engine.connection import Connection
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity

AT_ONCE = 4
"""The worker also serves runs."""


def make_activities(connection: Connection) -> list[Activity]:
    """The activity of the sweep."""
    return [ArchiveActivities(connection).seal_ended]


@dataclass(frozen=True)
class ArchiveActivities:
    connection: Connection

    @activity.defn(name="seal_ended")
    async def seal_ended(self, request: SealEnded) -> Sealed:
        """Seal ended runs, so that they outlive Temporal's retention."""
        with sending_heartbeats():
            return await sweep.seal_ended(
                self.connection, request.since, at_once=AT_ONCE, progress=activity.heartbeat
            )
