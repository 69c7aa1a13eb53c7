"""What a person does with their own memories: commands and routes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from harness.api.caller import LOCAL, Caller
from harness.engine.connection import Connection
from harness.memory.client import PAGE, Memories, Page
from harness.memory.rows import Origin
from harness.memory.views import (
    MemoryList,
    MemoryStats,
    MemoryVerification,
    MemoryView,
    WrittenMemory,
)
from harness.memory.writing import Fact


@dataclass(frozen=True)
class MemoryDesk:
    """The memories of a caller. Nobody reads those of others, admins neither."""

    connection: Connection
    caller: Caller = LOCAL

    async def list(self, *, limit: int = PAGE, before: int | None = None) -> MemoryList:
        return MemoryList.of(await self._memories.list(limit=limit, before=before))

    async def search(self, query: str, *, limit: int = 10) -> MemoryList:
        found = await self._memories.search(query, limit=limit)
        return MemoryList.of(Page(memories=tuple(found)))

    async def find(self, id: str) -> MemoryView:
        return MemoryView.of(await self._memories.find(id))

    async def add(self, text: str) -> WrittenMemory:
        user = self.caller.user
        origin = Origin(source="person", trust="said", made=time.time(), by=user)
        return WrittenMemory.of(
            await self._memories.add(Fact(text=text, lane="owner", origin=origin))
        )

    async def correct(self, id: str, text: str) -> WrittenMemory:
        return WrittenMemory.of(await self._memories.correct(id, text, by=self.caller.user))

    async def forget(self, id: str) -> MemoryView:
        return MemoryView.of(await self._memories.forget(id, by=self.caller.user))

    async def stats(self) -> MemoryStats:
        return MemoryStats.of(await self._memories.count())

    async def verify(self, *, repair: bool = False) -> MemoryVerification:
        found = await self._memories.verify()
        dropped = await self._memories.repair() if repair else None
        return MemoryVerification.of(found, dropped)

    @property
    def _memories(self) -> Memories:
        return Memories(self.connection, self.caller.user)
