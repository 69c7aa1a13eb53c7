"""The schedules of watches that tests have made: left alone, each starts a workflow a second on the
engine that all tests of a process share, for as long as it lives."""

from __future__ import annotations

from contextlib import suppress

from temporalio.client import Client
from temporalio.service import RPCError

from tests.fakes.servers import Engine

OURS = "care_watch"


async def end_watches(engine: Engine) -> None:
    """Delete the schedules of all watches, and what they have started."""
    await engine.back()
    client = await Client.connect(engine.address)
    async for each in await client.list_schedules():
        if OURS in each.id:
            with suppress(RPCError):
                await client.get_schedule_handle(each.id).delete()
    async for run in client.list_workflows(
        "WorkflowType = 'CareWatch' AND ExecutionStatus = 'Running'"
    ):
        with suppress(RPCError):
            await client.get_workflow_handle(run.id).terminate()
