"""Sweep: seal all ended runs. A schedule starts it repeatedly."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from harness.contracts.activities import seal_ended
from harness.contracts.seal import SWEEP, Sealed, SealEnded, SweepSpec


@workflow.defn(name=SWEEP)
class Sweep:
    @workflow.run
    async def run(self, spec: SweepSpec) -> Sealed:
        since, sealed = spec.since, spec.sealed
        if since is None:
            last = workflow.get_last_completion_result(Sealed)
            since = last.since if last else None
        while True:
            done = await workflow.execute_activity(
                seal_ended,
                SealEnded(since=since),
                start_to_close_timeout=timedelta(minutes=30),
                heartbeat_timeout=timedelta(seconds=30),
                retry_policy=RetryPolicy(
                    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)
                ),
                summary="seal ended runs",
            )
            sealed += done.sealed
            if not done.more:
                return done.model_copy(update={"sealed": sealed})
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(SweepSpec(since=since, sealed=sealed))
