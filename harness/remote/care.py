"""Care through a daemon."""

from __future__ import annotations

from harness.care.views import (
    CareStatus,
    InvariantBody,
    InvariantList,
    InvariantView,
    QueryAnswer,
    QueryBody,
    SubjectList,
    SubjectView,
)
from harness.remote.connection import DaemonConnection


class RemoteCare:
    """What commands do with care through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def query(self, body: QueryBody) -> QueryAnswer:
        data = body.model_dump(mode="json", exclude_none=True)
        return await self._connection.post(QueryAnswer, "care", "query", body=data)

    async def read_status(self) -> CareStatus:
        return await self._connection.get(CareStatus, "care")

    async def list_subjects(self) -> list[SubjectView]:
        found: SubjectList = await self._connection.get(SubjectList, "care", "subjects")
        return found.subjects

    async def list_invariants(self, subject: str | None) -> list[InvariantView]:
        found: InvariantList = await self._connection.get(
            InvariantList, "care", "invariants", subject=subject
        )
        return found.invariants

    async def add_invariant(self, body: InvariantBody) -> InvariantView:
        data = body.model_dump(mode="json", exclude_none=True)
        return await self._connection.post(InvariantView, "care", "invariants", body=data)

    async def remove_invariant(self, subject: str, name: str) -> InvariantView:
        return await self._connection.send(
            "DELETE", InvariantView, "care", "invariants", subject, name
        )
