"""Care of the stack, as the person at this machine uses it."""

from __future__ import annotations

from harness.care.queries import answer_query
from harness.care.views import QueryAnswer, QueryBody
from harness.engine.connection import Connection


class CareDesk:
    """What commands do with care on the stack."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def query(self, body: QueryBody) -> QueryAnswer:
        return await answer_query(self._connection, body)
