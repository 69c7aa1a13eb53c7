"""Serve the capabilities' own workflows, activities and services in every worker process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from harness.capabilities.checks import INTERCEPTOR, RUN_WATCH, SERVICE, WORKFLOW, Kind
from harness.capabilities.registry import (
    LOADING_FAILS,
    enabled_capabilities,
    load_part,
    load_parts,
    make_activities,
    report_problem,
)
from harness.capabilities.required import check_required
from harness.commons.log import get_logger
from harness.contracts.capability import Capability
from harness.contracts.errors import HarnessError, StoreUnavailable
from harness.contracts.queues import capability_queue
from harness.engine.connection import Connection
from harness.engine.retry import AWAY
from harness.interceptors import ModelInterceptor, ToolInterceptor
from harness.store import AttemptWriter
from harness.store.store_id import get_store_id
from harness_activities.capability_guard import CapabilityGuard
from harness_activities.guard import RunWatch
from harness_workers.options import STICKY_S, make_worker_options
from harness_workers.runner import make_workflow_runner

DELAY_S = 2.0
"""Delay before they are served: a command that ends sooner does not pay for them."""
LONGEST_S = 60.0
"""Delay between two attempts to serve one, at most."""
UNCHECKED = "Worker validation failed"
"""What the SDK says if Temporal refuses a worker; it has no class of its own."""

log = get_logger(__name__)


def make_run_watches(connection: Connection) -> list[RunWatch]:
    """Make what capabilities call before each activity of a run."""
    return _make_parts(connection, lambda record: record.run_watch, RUN_WATCH)


def make_model_interceptors(connection: Connection) -> list[ModelInterceptor]:
    """Make what capabilities put around each model call."""
    return _make_parts(connection, lambda record: record.model_interceptor, INTERCEPTOR)


def make_tool_interceptors(connection: Connection) -> list[ToolInterceptor]:
    """Make what capabilities put around each tool call."""
    return _make_parts(connection, lambda record: record.tool_interceptor, INTERCEPTOR)


def _make_parts(
    connection: Connection, target_of: Callable[[Capability], str | None], kind: Kind
) -> list[Any]:
    """Make what stands around calls of runs. Raises BrokenCapability if any of it is missing."""
    targets = [(each, target) for each in enabled_capabilities() if (target := target_of(each))]
    made = list[Any]()
    for record, target in targets:
        make = load_part(record, target, kind)
        try:
            made += [] if make is None else [make(connection)]
        except LOADING_FAILS as error:
            report_problem(record, f"{target} fails: {type(error).__name__}: {error}")
    check_required()
    return made


async def serve_capabilities(
    connection: Connection, attempts: AttemptWriter, after: float = DELAY_S
) -> None:
    """Serve them until cancelled, beginning after so many seconds. A failing one is logged,
    without affecting runs or others; it is served again if the failure may pass."""
    await asyncio.sleep(after)
    async with asyncio.TaskGroup() as group:
        for record in enabled_capabilities():
            group.create_task(_serve_capability(connection, attempts, record))


async def _serve_capability(
    connection: Connection, attempts: AttemptWriter, record: Capability
) -> None:
    pause = DELAY_S
    while True:
        try:
            await _wait_for_database(connection)
            async with _run_worker(connection, attempts, record):
                service = load_part(record, record.service, SERVICE) if record.service else None
                if service is not None:
                    await service(connection)
                await asyncio.Event().wait()
        except LOADING_FAILS as error:
            facts = {"capability": record.name, "error": str(error)}
            if not _may_pass(error):
                log.warning("a capability is not served by this process", **facts)
                return
            log.warning("a capability is not served yet", retry_in_seconds=pause, **facts)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_S)


def _may_pass(error: BaseException) -> bool:
    """Whether a capability may be served later. A Temporal that has just started says for some
    seconds that its namespace is not found, to calls and to workers that begin to poll."""
    if isinstance(error, RPCError):
        return error.status in AWAY or error.status is RPCStatusCode.NOT_FOUND
    if isinstance(error, HarnessError):
        return error.retryable
    return isinstance(error, RuntimeError) and UNCHECKED in str(error)


async def _wait_for_database(connection: Connection) -> None:
    """Return when the database answers: it names the queues, and a machine that is busy may refuse
    a connection for a moment."""
    while True:
        try:
            await get_store_id(connection.database)
        except StoreUnavailable as error:
            log.warning("capabilities wait for the database", error=str(error))
            await asyncio.sleep(DELAY_S)
        else:
            return


@asynccontextmanager
async def _run_worker(
    connection: Connection, attempts: AttemptWriter, record: Capability
) -> AsyncGenerator[None]:
    """Run a worker on the capability's own queue, if it has one."""
    workflows = load_parts(record, record.workflows, WORKFLOW)
    activities = make_activities(record, record.activities, connection)
    async with AsyncExitStack() as stack:
        if workflows or activities:
            guard = CapabilityGuard(connection, record)
            options = make_worker_options(connection, attempts, guard)
            options["max_concurrent_activities"] = record.max_activities
            worker = Worker(
                **options,
                task_queue=capability_queue(record.name, await get_store_id(connection.database)),
                workflows=workflows,
                activities=activities,
                workflow_runner=make_workflow_runner(sandbox=connection.settings.worker.sandbox),
                max_cached_workflows=connection.settings.worker.max_cached_runs,
                max_concurrent_workflow_task_polls=2,
                max_concurrent_activity_task_polls=1,
                sticky_queue_schedule_to_start_timeout=timedelta(seconds=STICKY_S),
            )
            await stack.enter_async_context(worker)
        yield
