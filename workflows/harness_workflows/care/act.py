"""What somebody did. The history of this workflow is the record of it, which gets sealed."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from harness.care.contracts import ACT_WORKFLOW, CareAct


@workflow.defn(name=ACT_WORKFLOW)
class CareActs:
    @workflow.run
    async def run(self, act: CareAct) -> CareAct:
        return await workflow.execute_activity(
            "save_care_act",
            act,
            result_type=CareAct,
            start_to_close_timeout=timedelta(minutes=1),
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)
            ),
        )
