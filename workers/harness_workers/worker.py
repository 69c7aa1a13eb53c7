"""A worker of one agent: its runs, its model calls and its tools in one process.

They share one queue, because only then can Temporal dispatch an activity directly to the worker
that requested it.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.worker import Worker

from harness.agent import Agent
from harness.agent.subagent import with_subagents
from harness.capabilities.checks import WORKFLOW, activity_name, workflow_name
from harness.capabilities.registry import (
    enabled_capabilities,
    keep_new,
    load_parts,
    make_activities,
)
from harness.capabilities.required import check_required
from harness.contracts.queues import workspace_queue
from harness.contracts.tool import RunTool
from harness.engine.connection import Connection
from harness.runs.published import publish_agent
from harness_activities.memory.call_memory import CallMemory
from harness_activities.parts import Activity, AgentParts, ProcessParts
from harness_activities.tool_call.toolbox import Toolbox
from harness_workers.options import STICKY_S, make_worker_options
from harness_workers.provenance import get_build_id
from harness_workers.runner import make_workflow_runner
from harness_workers.shared import open_process_parts

LONG_TASK_S = 9.0
"""Below the 10 s after which Temporal gives a workflow task to another worker."""


class AgentWorker:
    """Started by `async with`; on leaving, calls in progress finish or are handed back."""

    def __init__(self, parts: ProcessParts, agent: Agent[Any, Any]) -> None:
        self._process = parts
        self.agent = agent
        """With the tools of its MCP servers, once the worker has started."""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> AgentWorker:
        stack, connection = self._stack, self._process.connection
        self.agent = await self._process.servers.complete_agent(self.agent)
        await publish_agent(connection, self.agent, get_build_id(connection.project))
        self._process.gates[self.agent.name] = self.agent.gates
        parts = self._make_parts()
        stack.push_async_callback(parts.box.close)
        for worker in _make_workers(parts):
            await stack.enter_async_context(worker)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _make_parts(self) -> AgentParts:
        parts, connection = self._process, self._process.connection
        return AgentParts(
            process=parts,
            agent=self.agent,
            box=Toolbox(
                agent=self.agent,
                artifacts=connection.stores.artifacts,
                progress=parts.live,
                ledger=parts.ledger,
                database=parts.tool_database,
                workspaces=parts.workspaces,
                http=connection.settings.http,
                memory=self._make_memory if self.agent.memory else None,
            ),
        )

    def _make_memory(self, request: RunTool, run: str) -> CallMemory:
        parts = self._process
        return CallMemory(
            connection=parts.connection, guard=parts.guard, transcripts=parts.transcripts,
            request=request, run=run,
        )  # fmt: skip


def _make_workers(agent_parts: AgentParts) -> list[Worker]:
    parts, agent = agent_parts.process, agent_parts.agent
    settings = parts.connection.settings.worker
    options = make_worker_options(parts.connection, parts.attempts, parts.guard)
    workflows, activities = _load_workflows(), _load_activities(agent_parts)
    check_required()  # a part that fails disables its capability, with what stands around calls
    main = Worker(
        **options,
        task_queue=agent.queue,
        workflows=workflows,
        workflow_runner=make_workflow_runner(sandbox=settings.sandbox),
        activities=activities,
        max_cached_workflows=settings.max_cached_runs,
        max_concurrent_workflow_tasks=settings.max_workflow_tasks,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=STICKY_S),
    )
    _allow_long_tasks(main)
    if not any(policy.workspace for policy in agent.policies().values()):
        return [main]
    queue = workspace_queue(agent.name, socket.gethostname())
    return [main, Worker(**options, task_queue=queue, activities=activities)]


def _load_workflows() -> list[type]:
    """Load the workflows that capabilities serve on the queue of each agent."""
    loaded, names = list[type](), set[str]()
    for record in enabled_capabilities():
        own = load_parts(record, record.agent_workflows, WORKFLOW)
        loaded += keep_new(record, own, names, workflow_name)
    return loaded


def _load_activities(parts: AgentParts) -> list[Activity]:
    """Load the activities that capabilities serve on the queue of each agent."""
    loaded, names = list[Activity](), set[str]()
    for record in enabled_capabilities():
        own = make_activities(record, record.agent_activities, parts)
        loaded += keep_new(record, own, names, activity_name)
    return loaded


def _allow_long_tasks(worker: Worker) -> None:
    """Raise the SDK's deadlock timeout of 2 s, which its API does not expose. Taking over a run
    with thousands of signals takes longer on a busy machine, and the run would stay stuck. Our
    workflows run no user code, so a long task does end."""
    inner: Any = worker._workflow_worker  # pyright: ignore[reportPrivateUsage]
    assert inner is not None and hasattr(inner, "_deadlock_timeout_seconds")
    inner._deadlock_timeout_seconds = LONG_TASK_S


@asynccontextmanager
async def serve(
    connection: Connection, *agents: Agent[Any, Any], workspaces: Iterable[Path] = ()
) -> AsyncGenerator[None]:
    """Serve agents, and those that they call as tools, until the block ends. `workspaces`: folders
    in which runs may work, in addition to those in the settings."""
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(open_process_parts(connection))
        for folder in workspaces:
            parts.workspaces.allow_folder(folder)
        for agent in with_subagents(*agents):
            await stack.enter_async_context(AgentWorker(parts, agent))
        yield
