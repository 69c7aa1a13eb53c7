"""The request log of a daemon."""

from __future__ import annotations

from harness.remote.connection import DaemonConnection
from harness.request_log.rows import RequestFilter
from harness.request_log.views import RequestDetail, RequestPage


class RemoteRequests:
    """What commands read of the request log through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def list(self, which: RequestFilter, limit: int, cursor: str | None) -> RequestPage:
        return await self._connection.get(
            RequestPage,
            "requests",
            run=which.run,
            turn=which.turn,
            model=which.model,
            status=which.status,
            since=which.since and which.since.isoformat(),
            search=which.search,
            limit=limit,
            cursor=cursor,
        )

    async def show(self, id: str) -> RequestDetail:
        return await self._connection.get(RequestDetail, "requests", id)
