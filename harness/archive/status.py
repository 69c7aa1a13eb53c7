"""The status of the archive: what is sealed, what is not yet, and when it is swept."""

from __future__ import annotations

import time
from dataclasses import dataclass

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from harness.archive.sweep import find_unsealed
from harness.contracts.queues import archive_queue
from harness.engine.connection import Connection
from harness.engine.retry import ask_patiently, unreachable_error
from harness.history.executions import ENDED, of_sealed_types, retention_s
from harness.history.reader import open_seals
from harness.store.seals import Figures
from harness.store.store_id import get_store_id

CLOSE = 0.75
"""Fraction of Temporal's retention after which an unsealed run is in danger of being lost."""


@dataclass(frozen=True)
class ArchiveStatus:
    ended: int
    """Ended runs that Temporal knows."""
    unsealed: int
    lost_at: float | None
    """When Temporal deletes the oldest unsealed one."""
    close: bool
    """Whether that is soon."""
    figures: Figures
    head: str | None
    """The hash of the chain's last entry."""
    last: float | None
    """Time of the last sweep."""
    next: float | None
    retention_s: float


async def read_status(connection: Connection) -> ArchiveStatus:
    client, store = connection.temporal, open_seals(connection)
    retention = await retention_s(client)
    left = [each.closed async for each in find_unsealed(connection)]
    oldest = min(left, default=None)
    lost = None if oldest is None else oldest + retention
    last, following = await _last_sweep(
        client, archive_queue(await get_store_id(connection.database))
    )
    return ArchiveStatus(
        ended=(
            await ask_patiently(
                "", lambda: client.count_workflows(f"{of_sealed_types()} AND {ENDED}")
            )
        ).count,
        unsealed=len(left),
        lost_at=lost,
        close=lost is not None and time.time() > lost - retention * (1 - CLOSE),
        figures=await store.read_figures(),
        head=await store.read_head(),
        last=last,
        next=following,
        retention_s=retention,
    )


async def _last_sweep(client: Client, schedule: str) -> tuple[float | None, float | None]:
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
