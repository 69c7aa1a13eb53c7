"""The memories of a daemon's user."""

from __future__ import annotations

from harness.memory.client import PAGE
from harness.memory.views import (
    MemoryList,
    MemoryStats,
    MemoryVerification,
    MemoryView,
    WrittenMemory,
)
from harness.remote.connection import DaemonConnection


class RemoteMemories:
    """What commands do with memories through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def list(self, *, limit: int = PAGE, before: int | None = None) -> MemoryList:
        return await self._connection.get(MemoryList, "memories", limit=limit, before=before)

    async def search(self, query: str, *, limit: int = 10) -> MemoryList:
        return await self._connection.get(MemoryList, "memories", q=query, limit=limit)

    async def find(self, id: str) -> MemoryView:
        return await self._connection.get(MemoryView, "memories", id)

    async def add(self, text: str) -> WrittenMemory:
        return await self._connection.post(WrittenMemory, "memories", body={"text": text})

    async def correct(self, id: str, text: str) -> WrittenMemory:
        body = {"text": text}
        return await self._connection.send("PUT", WrittenMemory, "memories", id, body=body)

    async def forget(self, id: str) -> MemoryView:
        return await self._connection.send("DELETE", MemoryView, "memories", id)

    async def stats(self) -> MemoryStats:
        return await self._connection.get(MemoryStats, "memories", "stats")

    async def verify(self, *, repair: bool = False) -> MemoryVerification:
        body = {"repair": repair}
        return await self._connection.post(MemoryVerification, "memories", "verify", body=body)
