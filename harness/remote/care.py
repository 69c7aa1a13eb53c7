"""Care through a daemon."""

from __future__ import annotations

from harness.care.views import QueryAnswer, QueryBody
from harness.remote.connection import DaemonConnection


class RemoteCare:
    """What commands do with care through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def query(self, body: QueryBody) -> QueryAnswer:
        data = body.model_dump(mode="json", exclude_none=True)
        return await self._connection.post(QueryAnswer, "care", "query", body=data)
