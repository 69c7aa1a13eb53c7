"""Limits and pools of a daemon."""

from __future__ import annotations

from harness.limits.views import Limit, LimitList
from harness.remote.connection import DaemonConnection


class RemoteLimits:
    """What commands show of limits through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def list_limits(self) -> list[Limit]:
        found: LimitList = await self._connection.get(LimitList, "limits")
        return found.limits

    async def list_pools(self) -> list[Limit]:
        found: LimitList = await self._connection.get(LimitList, "pools")
        return found.limits
