"""Care of the stack, as the person at this machine uses it."""

from __future__ import annotations

from harness.care.invariants import client
from harness.care.queries import answer_query
from harness.care.views import (
    CareStatus,
    InvariantBody,
    InvariantView,
    QueryAnswer,
    QueryBody,
    SubjectView,
)
from harness.engine.connection import Connection

LOCAL = "local"


class CareDesk:
    """What commands do with care on the stack."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def query(self, body: QueryBody) -> QueryAnswer:
        return await answer_query(self._connection, body)

    async def read_status(self) -> CareStatus:
        return await client.read_status(self._connection)

    async def list_subjects(self) -> list[SubjectView]:
        return await client.list_subjects(self._connection)

    async def list_invariants(self, subject: str | None) -> list[InvariantView]:
        return await client.list_invariants(self._connection, subject, samples=True)

    async def add_invariant(self, body: InvariantBody) -> InvariantView:
        return await client.add_invariant(self._connection, body, LOCAL)

    async def remove_invariant(self, subject: str, name: str) -> InvariantView:
        return await client.remove_invariant(self._connection, subject, name)
