"""What the contestants on Temporal share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bench.work import PROMPT

QUEUE = "bench"


@dataclass
class Context:
    client: Client
    workflow: Any
    eager: bool

    async def run_one(self, id: str) -> str:
        return await self.client.execute_workflow(
            self.workflow, PROMPT, id=id, task_queue=QUEUE, request_eager_start=self.eager
        )

    async def storage(self, ids: list[str]) -> dict[str, float]:
        return await storage(self.client, ids)


@asynccontextmanager
async def serve(
    options: dict[str, str],
    workflow: Any,
    activities: list[Any],
    *,
    plugins: list[Any] | None = None,
    lean: bool = False,
) -> AsyncGenerator[Context]:
    """Client and worker in this process. `lean`: without the sandbox, and with an eager start."""
    client = await Client.connect(options["temporal"], plugins=plugins or [])
    more: dict[str, Any] = {"workflow_runner": UnsandboxedWorkflowRunner()} if lean else {}
    worker = Worker(client, task_queue=QUEUE, workflows=[workflow], activities=activities, **more)
    async with worker:
        yield Context(client, workflow.run, eager=lean)


async def storage(client: Client, ids: list[str]) -> dict[str, float]:
    """Events and bytes of history a run."""
    found = await asyncio.gather(*(client.get_workflow_handle(id).describe() for id in ids))
    sizes = [one.raw_description.workflow_execution_info.history_size_bytes for one in found]
    return {
        "events": sum(one.history_length for one in found) / len(found),
        "bytes": sum(sizes) / len(found),
    }
