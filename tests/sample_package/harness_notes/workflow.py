"""The workflow that saves a note: deterministic, so it imports only the engine and its words."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy


@workflow.defn
class SaveNote:
    @workflow.run
    async def run(self, text: str) -> str:
        return await workflow.execute_activity(
            "save_note",
            text,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_attempts=5),
            result_type=str,
        )
