"""How the archive stands: what is sealed, what waits, when it is swept."""

from __future__ import annotations

import time
from dataclasses import dataclass

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from harness.archive.sweep import unsealed
from harness.contracts.queues import archive_queue
from harness.engine.connection import Connection
from harness.engine.retry import ask_patiently, unreachable_error
from harness.history.executions import ENDED, TYPES, retention_s
from harness.history.reader import open_seals
from harness.store.seals import Figures, store_id

CLOSE = 0.75
"""Of the engine's retention: who has waited so long is near to being lost."""


@dataclass(frozen=True)
class Standing:
    ended: int
    """Ended runs that the engine knows."""
    unsealed: int
    lost_at: float | None
    """When the engine forgets the oldest unsealed one."""
    close: bool
    """That is soon."""
    figures: Figures
    head: str | None
    """The hash of the chain's last entry."""
    last: float | None
    """When it was swept last."""
    next: float | None
    retention_s: float


async def standing(connection: Connection) -> Standing:
    client, store = connection.temporal, open_seals(connection)
    retention = await retention_s(client)
    left = [each.closed async for each in unsealed(connection)]
    oldest = min(left, default=None)
    lost = None if oldest is None else oldest + retention
    last, following = await _swept(client, archive_queue(await store_id(connection.database)))
    return Standing(
        ended=(
            await ask_patiently("", lambda: client.count_workflows(f"{TYPES} AND {ENDED}"))
        ).count,
        unsealed=len(left),
        lost_at=lost,
        close=lost is not None and time.time() > lost - retention * (1 - CLOSE),
        figures=await store.figures(),
        head=await store.head(),
        last=last,
        next=following,
        retention_s=retention,
    )


async def _swept(client: Client, schedule: str) -> tuple[float | None, float | None]:
    try:
        info = (await client.get_schedule_handle(schedule).describe()).info
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None, None
        raise unreachable_error(error) from error
    recent, following = info.recent_actions, info.next_action_times
    return (
        recent[-1].started_at.timestamp() if recent else None,
        following[0].timestamp() if following else None,
    )
