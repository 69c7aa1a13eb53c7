"""Deliver a run's events to a subscription. An activity follows the run while it is active; the
workflow sleeps while the run is quiet, and the run's worker wakes it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy

from harness.webhooks.contracts import WORKFLOW, Delivered, DeliverRun

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(minutes=30)
"""How long a run may be quiet before it is looked at without being woken, as when Temporal itself
ended it."""


@workflow.defn(name=WORKFLOW)
class DeliverWebhook:
    def __init__(self) -> None:
        self.woken = False

    @workflow.run
    async def run(self, request: DeliverRun) -> None:
        pause = SHORTEST
        while True:
            self.woken = False
            done = await workflow.execute_activity(
                "deliver_events",
                request,
                result_type=Delivered,
                start_to_close_timeout=timedelta(minutes=30),
                heartbeat_timeout=timedelta(seconds=5),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(hours=1)
                ),
                summary="send what the run does",
            )
            if done.over and not self.woken:
                return
            if done.quiet:
                pause = SHORTEST if done.sent else min(2 * pause, LONGEST)
                await self._sleep(pause)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(request)

    @workflow.signal(description="Look at the run again.")
    def wake(self, *_: RawValue) -> None:
        self.woken = True

    async def _sleep(self, pause: timedelta) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self.woken, timeout=pause)
