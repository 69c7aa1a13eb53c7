"""What all agents of a process share: provider clients, caches, writers, and provider queues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.worker import Worker

from harness.commons.children import close_children
from harness.commons.cut_short import cut_short
from harness.engine.connection import Connection
from harness.engine.epoch import EpochKeeper
from harness.providers.plan import Models
from harness.stack import ensure_search_attributes
from harness.store import AttemptWriter, Database, Ledger, LiveWriter, Transcripts
from harness.version import __version__
from harness_activities.failures import Failures
from harness_activities.guard import Guard
from harness_activities.model_call.activity import ModelActivities
from harness_activities.tool_call.workspaces import Workspaces
from harness_workers.sweeping import sweep_on

HEARTBEAT_THROTTLE_S = 0.5
"""How often a heartbeat goes out at most, and with it how late a cancel may arrive."""


@dataclass(frozen=True)
class Shared:
    connection: Connection
    model: ModelActivities
    live: LiveWriter
    ledger: Ledger
    tool_database: Database
    attempts: AttemptWriter
    guard: Guard
    workspaces: Workspaces


@asynccontextmanager
async def shared(connection: Connection) -> AsyncGenerator[Shared]:
    async with AsyncExitStack() as stack:
        stack.callback(close_children)
        await ensure_search_attributes(connection.temporal)
        models = Models(connection.settings)
        stack.push_async_callback(models.close)
        transcripts = Transcripts(connection.database, vault=connection.vault)
        stack.push_async_callback(transcripts.close)
        live = LiveWriter(connection.database, connection.settings.live, connection.vault)
        stack.push_async_callback(live.close)
        epoch = EpochKeeper(connection.temporal, connection.database)
        stack.callback(epoch.close)
        await epoch.check()
        ledger = Ledger(connection.database, connection.vault, epoch)
        stack.push_async_callback(ledger.close)
        # Statements of tools may be slow: they have connections of their own.
        size = connection.settings.database.pool_size
        tool_database = Database(connection.database.url, pool_size=size)
        stack.push_async_callback(tool_database.close)
        attempts = AttemptWriter(connection.database, connection.vault)
        stack.push_async_callback(attempts.close)
        await connection.stops.listen()
        guard = Guard(connection)
        configured = connection.settings.worker.workspaces
        workspaces = Workspaces.of_project(connection.project, configured)
        model = ModelActivities(
            models=models,
            specs=connection.specs,
            artifacts=connection.artifacts,
            transcripts=transcripts,
            live=live,
            stops=connection.stops,
            guard=guard,
        )
        for worker in _provider_workers(connection, model, attempts, guard):
            await stack.enter_async_context(worker)
        stack.push_async_callback(_ended, asyncio.create_task(sweep_on(connection)))
        stack.push_async_callback(_ended, asyncio.create_task(epoch.keep()))
        await stack.enter_async_context(cut_short(epoch.replaced()))
        yield Shared(connection, model, live, ledger, tool_database, attempts, guard, workspaces)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _provider_workers(
    connection: Connection, model: ModelActivities, attempts: AttemptWriter, guard: Guard
) -> list[Worker]:
    """A provider with a queue of its own: the engine keeps its rate across all workers, and a slow
    one holds up no other. It costs the short way from the run to the call, so it is a setting."""
    providers = connection.settings.providers.values()
    return [
        Worker(
            **options(connection, attempts, guard),
            task_queue=provider.queue,
            activities=[model.call_model],
            max_task_queue_activities_per_second=provider.requests_per_second,
        )
        for provider in providers
        if provider.queue
    ]


def options(connection: Connection, attempts: AttemptWriter, guard: Guard) -> dict[str, Any]:
    """What every worker of this process is told."""
    settings = connection.settings.worker
    return {
        "client": connection.temporal,
        "max_concurrent_activities": settings.max_activities,
        "graceful_shutdown_timeout": timedelta(seconds=settings.graceful_shutdown_seconds),
        "max_heartbeat_throttle_interval": timedelta(seconds=HEARTBEAT_THROTTLE_S),
        "interceptors": [Failures(attempts), guard],
        # Unset, the SDK hashes the code of all loaded modules: 1.7 s of CPU at the first worker.
        "build_id": f"harness-{__version__}",
    }
