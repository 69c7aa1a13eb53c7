"""A worker of one agent: its runs, its model calls and its tools in one process.

One queue serves all of them, because the engine hands an activity straight back to the worker that
asked for it only on the same queue.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from harness.agent import Agent
from harness.contracts.queues import workspace_queue
from harness.engine.connection import Connection
from harness_activities.agent_code import AgentActivities
from harness_activities.tool_call.activity import ToolActivities
from harness_activities.tool_call.toolbox import Toolbox
from harness_activities.undo import EffectActivities
from harness_workers.shared import Shared, options, shared
from harness_workflows import WORKFLOWS

STICKY_S = 1.0
"""How long a run waits for the worker that has it in memory; 10 s by default (a dead worker's runs
would stand still for that long)."""

LONG_TASK_S = 9.0
"""Below the 10 s after which the engine hands a workflow task to another worker."""


class AgentWorker:
    """Started by `async with`; on leaving, calls in progress finish or are handed back."""

    def __init__(self, parts: Shared, agent: Agent[Any, Any]) -> None:
        self._parts = parts
        self._agent = agent
        connection = parts.connection
        self._box = Toolbox(
            agent=agent,
            artifacts=connection.artifacts,
            progress=parts.live,
            ledger=parts.ledger,
            database=parts.tool_database,
            workspaces=parts.workspaces,
            http=connection.settings.http,
        )
        self._tools = ToolActivities(self._box)
        self._functions = AgentActivities(self._box)
        self._effects = EffectActivities(box=self._box, ledger=parts.ledger)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> AgentWorker:
        stack = self._stack
        stack.push_async_callback(self._box.close)
        for worker in self._workers():
            await stack.enter_async_context(worker)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _workers(self) -> list[Worker]:
        connection, agent = self._parts.connection, self._agent
        settings, model = connection.settings.worker, self._parts.model
        effects = self._effects
        main = Worker(
            **options(connection, self._parts.attempts, self._parts.guard),
            task_queue=agent.queue,
            workflows=WORKFLOWS,
            workflow_runner=workflow_runner(sandbox=settings.sandbox),
            activities=[
                model.call_model,
                model.save_transcript,
                self._tools.run_tool,
                self._tools.check_edit,
                self._functions.write_instructions,
                self._functions.check_output,
                effects.list_effects,
                effects.compensate,
            ],
            max_cached_workflows=settings.max_cached_runs,
            max_concurrent_workflow_tasks=settings.max_workflow_tasks,
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=STICKY_S),
        )
        _allow_long_tasks(main)
        if not any(policy.workspace for policy in agent.policies().values()):
            return [main]
        queue = workspace_queue(agent.name, socket.gethostname())
        tools = Worker(
            **options(connection, self._parts.attempts, self._parts.guard),
            task_queue=queue,
            activities=[self._tools.run_tool, effects.compensate],
        )
        return [main, tools]


def _allow_long_tasks(worker: Worker) -> None:
    """The SDK takes a workflow for stuck after 2 s, which is no option of its API. A run that is
    taken over with thousands of signals needs longer on a busy machine, and would stay stuck. Our
    workflows run no user's code, so what takes long does end."""
    inner: Any = worker._workflow_worker  # pyright: ignore[reportPrivateUsage]
    assert inner is not None and hasattr(inner, "_deadlock_timeout_seconds")
    inner._deadlock_timeout_seconds = LONG_TASK_S


def workflow_runner(*, sandbox: bool) -> WorkflowRunner:
    """The words are pure by the linter and pass through; the workflows themselves never do.

    Unsandboxed in production: our own workflow code is checked by the sandbox in tests and by the
    import rules, and the sandbox would cost a tenth of a run's CPU.
    """
    if not sandbox:
        return UnsandboxedWorkflowRunner()
    restrictions = SandboxRestrictions.default.with_passthrough_modules(
        "harness", "pydantic", "pydantic_core", "annotated_types", "typing_inspection"
    )
    return SandboxedWorkflowRunner(restrictions=restrictions)


@asynccontextmanager
async def serve(
    connection: Connection, *agents: Agent[Any, Any], workspaces: Iterable[Path] = ()
) -> AsyncGenerator[None]:
    """Serve agents until the block ends. `workspaces`: folders that runs may work in, besides those
    of the settings."""
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(shared(connection))
        for folder in workspaces:
            parts.workspaces.allow(folder)
        for agent in agents:
            await stack.enter_async_context(AgentWorker(parts, agent))
        yield


async def serve_forever(connection: Connection, *agents: Agent[Any, Any]) -> None:
    async with serve(connection, *agents):
        await asyncio.Event().wait()
