"""The activity of shared budgets: grant more, after a person decided so in a run."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from harness.budgets.contracts import GRANT, GrantShared
from harness.budgets.grants import grant_to_run
from harness.contracts.steering import Grant
from harness.engine.connection import Connection
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity, AgentParts


def make_activities(parts: AgentParts) -> list[Activity]:
    """The activity, for the queue of an agent."""
    return [BudgetActivities(parts.process.connection).grant_more]


@dataclass(frozen=True)
class BudgetActivities:
    connection: Connection

    @activity.defn(name=GRANT)
    async def grant_more(self, request: GrantShared) -> None:
        """Grant more of the budgets for which this run waits. Which ones is what the worker noted
        that found them used up: the request cannot name others."""
        run = activity.info().workflow_id or ""
        more: Grant | None = request.more
        with sending_heartbeats():
            await grant_to_run(self.connection, run, more, by=request.by)
