"""What all agents of a process share, and the workers that serve no particular agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from temporalio.worker import Worker

from harness.commons.children import close_children
from harness.commons.cut_short import cut_short
from harness.config import check_restrictions
from harness.engine.connection import Connection
from harness.engine.epoch import EpochKeeper
from harness.mcp_tools.servers import open_servers
from harness.providers.plan import Models
from harness.stack import ensure_search_attributes
from harness.store import AttemptWriter, Database, Ledger, LiveWriter, Transcripts
from harness_activities.guard import Guard
from harness_activities.model_call.activity import make_model_activities
from harness_activities.model_call.compaction import make_compaction
from harness_activities.parts import ProcessParts
from harness_activities.tool_call.interception import Interception
from harness_activities.tool_call.workspaces import Workspaces
from harness_workers.capabilities import (
    DELAY_S,
    make_model_interceptors,
    make_run_watches,
    make_tool_interceptors,
    serve_capabilities,
)
from harness_workers.options import make_worker_options


@asynccontextmanager
async def open_process_parts(
    connection: Connection, *, capabilities_after: float = DELAY_S
) -> AsyncGenerator[ProcessParts]:
    """Open the parts that all agents of a process share, until the block ends."""
    check_restrictions(connection.settings)
    async with AsyncExitStack() as stack:
        stack.callback(close_children)
        await ensure_search_attributes(connection.temporal)
        models = Models(connection.settings, make_model_interceptors(connection))
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
        # Statements of tools may be slow, so they have their own connections.
        size = connection.settings.database.pool_size
        tool_database = Database(connection.database.url, pool_size=size)
        stack.push_async_callback(tool_database.close)
        attempts = AttemptWriter(connection.database, connection.vault)
        stack.push_async_callback(attempts.close)
        await connection.stores.stops.listen()
        configured = connection.settings.worker.workspaces
        opening = open_servers(connection.settings, connection.project)
        guard = Guard(connection, transcripts, make_run_watches(connection))
        parts = ProcessParts(
            connection=connection,
            models=models,
            transcripts=transcripts,
            live=live,
            ledger=ledger,
            tool_database=tool_database,
            attempts=attempts,
            guard=guard,
            workspaces=Workspaces.of_project(connection.project, configured),
            interception=Interception(guard, make_tool_interceptors(connection)),
            gates={},
            servers=await stack.enter_async_context(opening),
        )
        for worker in _make_provider_workers(parts):
            await stack.enter_async_context(worker)
        serving = asyncio.create_task(serve_capabilities(connection, attempts, capabilities_after))
        stack.push_async_callback(_cancel_task, serving)
        stack.push_async_callback(_cancel_task, asyncio.create_task(epoch.keep_advancing()))
        await stack.enter_async_context(cut_short(epoch.wait_until_replaced()))
        yield parts


async def _cancel_task(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _make_provider_workers(parts: ProcessParts) -> list[Worker]:
    """Make workers for providers with their own queue: Temporal limits the rate across all workers,
    and a slow provider does not delay others. A call then takes a detour through that queue, so
    this is a setting."""
    activities, compaction = make_model_activities(parts), make_compaction(parts)
    return [
        Worker(
            **make_worker_options(parts.connection, parts.attempts, parts.guard),
            task_queue=provider.queue,
            activities=[activities.call_model, compaction.compact_context],
            max_task_queue_activities_per_second=provider.requests_per_second,
        )
        for provider in parts.connection.settings.providers.values()
        if provider.queue
    ]
