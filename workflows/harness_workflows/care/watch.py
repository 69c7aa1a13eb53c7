"""Evaluate all invariants once. A schedule starts it repeatedly."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from harness.care.contracts import EVALUATE, WATCH_WORKFLOW, Evaluate, Evaluated

LONGEST = timedelta(minutes=5)


@workflow.defn(name=WATCH_WORKFLOW)
class CareWatch:
    @workflow.run
    async def run(self, request: Evaluate) -> Evaluated:
        return await workflow.execute_activity(
            EVALUATE,
            request,
            result_type=Evaluated,
            start_to_close_timeout=LONGEST,
            heartbeat_timeout=timedelta(seconds=30),
            # The next evaluation comes soon anyway, with newer values.
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
            summary="evaluate invariants",
        )
