"""The activity that keeps the list of acts complete."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from harness.care.acts import ActStore
from harness.care.contracts import CareAct
from harness.care.workflow_ids import find_act_workflow
from harness.contracts.errors import RunForged
from harness.engine.connection import Connection
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity


def make_activities(connection: Connection) -> list[Activity]:
    """The activity of acts, for one worker process."""
    return [ActActivities(connection).save]


@dataclass(frozen=True)
class ActActivities:
    connection: Connection

    @activity.defn(name="save_care_act")
    async def save(self, request: CareAct) -> CareAct:
        """Save an act in the list, unless who did it has saved it already."""
        if activity.info().workflow_id != await find_act_workflow(self.connection, request.id):
            raise RunForged(f"Act {request.id!r} is of another workflow.")
        with sending_heartbeats():
            await ActStore(self.connection.database).save(request)
        return request
