"""The memories of a run's owner, as its tools use them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.agent.memory_tools import MemoryChange
from harness.contracts.errors import MemoryNotFound
from harness.contracts.memory import Lane
from harness.contracts.tool import RunTool
from harness.engine.connection import Connection
from harness.history.owner import read_owner
from harness.memory.client import Memories
from harness.memory.rendering import render_memories
from harness.memory.rows import Origin, scopes_of
from harness.memory.trust import judge_ending, judge_trust
from harness.memory.writing import Fact
from harness.store import Transcripts
from harness_activities.guard import Guard
from harness_activities.transcripts import load_before_call

if TYPE_CHECKING:
    from psycopg import AsyncConnection


@dataclass(frozen=True, kw_only=True)
class CallMemory:
    """Serves one tool call of a run, or its undo. Where a memory comes from is stamped here, from
    what the worker has verified: nothing of it is what a model said."""

    connection: Connection
    guard: Guard
    transcripts: Transcripts
    request: RunTool
    run: str
    """The run that made the call; an undo is another workflow."""

    async def prepare(self, text: str) -> str | None:
        """Embed a fact before the transaction that adds it."""
        [vector] = await Memories(self.connection).embed([text])
        return vector

    async def remember(
        self,
        inside: AsyncConnection[Any],
        text: str,
        prepared: str | None,
        lane: Lane,
        replaces: str | None,
    ) -> MemoryChange:
        """Add a fact in the transaction of the call."""
        caller = await self.guard.find_caller(self.request)
        messages = await load_before_call(self.transcripts, self.request)
        origin = Origin(
            source="tool",
            trust="untrusted" if messages is None else judge_trust(messages, text),
            made=time.time(),
            run=caller.run, session=caller.session, agent=caller.agent, turn=caller.turn,
            message=self.request.call.id,
        )  # fmt: skip
        memories = Memories(self.connection, caller.owner)
        ends = "untrusted" if messages is None else judge_ending(messages, text)
        fact = Fact(text=text, lane=lane, origin=origin, replaces=replaces, ends=ends)
        written = await memories.add_inside(inside, fact, prepared)
        return MemoryChange(written.id, written.added, written.beside)

    async def recall(self, query: str, limit: int) -> str:
        """Search the owner's memories that reach this run."""
        caller = await self.guard.find_caller(self.request)
        memories = Memories(self.connection, caller.owner)
        scopes = scopes_of(caller.run, caller.session)
        found = await memories.search(query, limit=limit, scopes=scopes)
        return render_memories(found) or "Nothing fitting is remembered."

    async def forget(self, inside: AsyncConnection[Any], id: str) -> bool:
        """Withdraw a memory in the transaction of the call, if the conversation is trusted enough.
        A person who names its id decides."""
        messages = await load_before_call(self.transcripts, self.request)
        trust = "untrusted" if messages is None else judge_ending(messages, id)
        memories = await self._memories_of_run()
        return await memories.withdraw_inside(inside, id, self._make_origin(), trust=trust)

    async def withdraw(self, inside: AsyncConnection[Any], id: str) -> bool:
        """Withdraw what the call added, for its undo."""
        memories = await self._memories_of_run()
        return await memories.withdraw_inside(inside, id, self._make_origin())

    async def restore(self, inside: AsyncConnection[Any], id: str) -> bool:
        """Add a memory again that this call withdrew; False if it was forgotten since."""
        memories = await self._memories_of_run()
        try:
            old = await memories.find(id)
        except MemoryNotFound:
            return False
        fact = Fact(text=old.text, lane=old.lane, origin=old.origin)
        return (await memories.add_inside(inside, fact, await self.prepare(old.text))).added

    async def _memories_of_run(self) -> Memories:
        """The memories of the owner in the run's signed spec: an undo has no call of the run."""
        return Memories(self.connection, await read_owner(self.connection, self.run))

    def _make_origin(self) -> Origin:
        return Origin(
            source="tool", trust="inferred", made=time.time(), run=self.run,
            turn=self.request.turn, message=self.request.call.id,
        )  # fmt: skip
