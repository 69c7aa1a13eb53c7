"""Serve what only the process of an evaluation's command has: Python functions, and a workspace."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio.worker import Worker

from harness.engine.connection import Connection
from harness.evals.client import code_queue
from harness.evals.code import Functions
from harness.evals.run_item import Runner
from harness.evals.workspaces import Copies
from harness.history.follow import Feeds
from harness_activities.evals import CodeActivities
from harness_activities.start_admission import StartAdmission


@asynccontextmanager
async def serve_code(
    connection: Connection, id: str, functions: Functions, copies: Copies | None = None
) -> AsyncGenerator[None]:
    """Serve the functions of an evaluation, and make copies of its workspace, until the block
    ends."""
    if not functions and copies is None:
        yield
        return
    runner = Runner(connection, Feeds(connection))
    made = CodeActivities(connection, runner, functions, StartAdmission(connection), copies)
    worker = Worker(
        connection.temporal,
        task_queue=code_queue(id),
        activities=[made.check_code, made.copy_workspace],
        max_concurrent_activities=4,
    )
    async with worker:
        yield
