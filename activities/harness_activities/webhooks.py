"""The activity of webhooks: deliver the events of a run."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from harness.contracts.errors import RunForged
from harness.engine.connection import Connection
from harness.webhooks import deliver
from harness.webhooks.contracts import Delivered, DeliverRun, delivery_workflow
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity


def make_activities(connection: Connection) -> list[Activity]:
    """The activity of webhooks, for one worker process."""
    return [WebhookActivities(connection).deliver_events]


@dataclass(frozen=True)
class WebhookActivities:
    connection: Connection

    @activity.defn(name="deliver_events")
    async def deliver_events(self, request: DeliverRun) -> Delivered:
        """Send the events of a run to a subscription."""
        own = delivery_workflow(request.subscription, request.run)
        if activity.info().workflow_id != own:
            raise RunForged(f"A delivery for {request.run!r} is asked for by another workflow.")
        with sending_heartbeats():
            return await deliver.deliver_events(self.connection, request)
