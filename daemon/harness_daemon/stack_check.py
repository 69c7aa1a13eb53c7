"""Whether Temporal and Postgres answer the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from temporalio.service import RPCError

from harness.contracts.errors import HarnessError
from harness.engine.connection import Connection

CHECK_S = 2.0


@dataclass(frozen=True)
class StackState:
    """Which parts of the stack answer."""

    temporal: bool
    postgres: bool


async def check_stack(connection: Connection) -> StackState:
    """Ask both, for at most `CHECK_S`."""
    temporal, postgres = await asyncio.gather(
        _answers(_ask_temporal(connection)), _answers(_ask_postgres(connection))
    )
    return StackState(temporal, postgres)


_abandoned = set[asyncio.Task[bool]]()


async def _answers(question: Coroutine[Any, Any, bool]) -> bool:
    """Whether an answer arrives in time. Not `asyncio.timeout`: a statement on a Postgres that
    hangs takes seconds to cancel."""
    task = asyncio.create_task(question)
    try:
        await asyncio.wait([task], timeout=CHECK_S)
        return task.done() and task.result()
    finally:
        if task.cancel():
            _abandoned.add(task)
            task.add_done_callback(_abandoned.discard)


async def _ask_temporal(connection: Connection) -> bool:
    try:
        return await connection.temporal.service_client.check_health()
    except RPCError:
        return False


async def _ask_postgres(connection: Connection) -> bool:
    try:
        await connection.database.fetch("SELECT 1")
    except HarnessError:
        return False
    return True
