"""The workflows of notes: deterministic, so they import only the engine and its words."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy


@workflow.defn
class SaveNote:
    """Served on the task queue of notes."""

    @workflow.run
    async def run(self, text: str) -> str:
        return await workflow.execute_activity(
            "save_note",
            text,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_attempts=5),
            result_type=str,
        )


@workflow.defn
class ListAgentTools:
    """Served on the task queue of each agent."""

    @workflow.run
    async def run(self, agent: str) -> str:
        names = await workflow.execute_activity(
            "list_agent_tools", start_to_close_timeout=timedelta(seconds=10), result_type=list[str]
        )
        return f"{agent} can use: {', '.join(names)}"


@workflow.defn
class CountNotes:
    """Started by a schedule. Temporal's page shows its result."""

    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity(
            "count_notes", start_to_close_timeout=timedelta(seconds=10), result_type=int
        )
