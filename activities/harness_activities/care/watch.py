"""The activity of the watch: evaluate all invariants."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from temporalio import activity

from harness.care.contracts import EVALUATE, Evaluate, Evaluated
from harness.care.invariants.evaluate import evaluate
from harness.care.settings import CareSettings
from harness.care.store import CareStore
from harness.care.tickets.client import report_judgements
from harness.engine.connection import Connection
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity


def make_activities(connection: Connection) -> list[Activity]:
    """The activity of the watch, for one worker process."""
    return [WatchActivities(connection).evaluate]


@dataclass(frozen=True)
class WatchActivities:
    connection: Connection

    @activity.defn(name=EVALUATE)
    async def evaluate(self, _: Evaluate) -> Evaluated:
        """Ask the sources of all invariants, and save in which state each is."""
        began = time.monotonic()
        settings = self.connection.settings.section(CareSettings)
        store = CareStore(self.connection.database)
        with sending_heartbeats():
            found = await evaluate(settings, await store.list_watched())
            number = int(time.time() / settings.evaluate_seconds)
            await store.save_judgements(found, number)
            await report_judgements(self.connection, found)
        states = Counter(judged.state for _, judged in found)
        return Evaluated(states=dict(states), seconds=round(time.monotonic() - began, 3))
