"""Deliver a run's events to a subscription. An activity follows the run while it is active; the
workflow sleeps while the run is quiet. The run's next activity wakes it; an event without an
activity is found when its timer fires."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, CancelledError

from harness.webhooks.contracts import WORKFLOW, Delivered, DeliverRun

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(minutes=30)
"""The longest pause before a quiet run is read again. Nothing ends the pause earlier for an event
that only a signal causes, nor when Temporal itself ends the run."""


@workflow.defn(name=WORKFLOW)
class DeliverWebhook:
    def __init__(self) -> None:
        self.woken = False
        self.hurried = False
        self.attempts: workflow.ActivityHandle[Delivered] | None = None

    @workflow.run
    async def run(self, request: DeliverRun) -> None:
        pause = SHORTEST
        while True:
            self.woken = self.hurried = False
            done = await self._deliver(request)
            if done.over and not self.woken:
                return
            if done.quiet:
                pause = SHORTEST if done.sent else min(2 * pause, LONGEST)
                with suppress(TimeoutError):
                    await workflow.wait_condition(lambda: self.woken, timeout=pause)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(request)

    @workflow.signal(description="Look at the run again.")
    def wake(self, *_: RawValue) -> None:
        self.woken = True

    @workflow.signal(description="Send again now, instead of waiting for the next attempt.")
    def retry(self, *_: RawValue) -> None:
        self.woken = self.hurried = True
        if self.attempts is not None:
            self.attempts.cancel()

    async def _deliver(self, request: DeliverRun) -> Delivered:
        self.attempts = workflow.start_activity(
            "deliver_events",
            request,
            result_type=Delivered,
            start_to_close_timeout=timedelta(minutes=30),
            heartbeat_timeout=timedelta(seconds=5),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=1), maximum_interval=timedelta(hours=1)
            ),
            # Two at the same time would be harmless, as only the newest may send.
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            summary="send what the run does",
        )
        try:
            return await self.attempts
        except ActivityError as error:
            if self.hurried and isinstance(error.cause, CancelledError):
                return Delivered()
            raise
