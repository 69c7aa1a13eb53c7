"""The tools that an agent with a memory policy has: remember, recall, forget_memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import Field

from harness.agent.context import ToolContext
from harness.agent.tool import AnyTool, tool
from harness.contracts.errors import ToolFailed
from harness.contracts.memory import ID, MAX_FACT, Lane

if TYPE_CHECKING:
    from psycopg import AsyncConnection

Id = Annotated[str, Field(pattern=f"^{ID}$", description="As recalled memories show it.")]


@dataclass(frozen=True)
class MemoryChange:
    """The receipt of a call that changed memories."""

    id: str
    added: bool = True
    beside: str | None = None
    """A memory that it did not replace, because that one is more trusted."""


class RunMemory(Protocol):
    """What a worker offers to the tools of one call: the memories of the run's owner. The worker
    stamps where a memory comes from."""

    async def prepare(self, text: str) -> Any: ...

    async def remember(
        self,
        inside: AsyncConnection[Any],
        text: str,
        prepared: Any,
        lane: Lane,
        replaces: str | None,
    ) -> MemoryChange: ...

    async def recall(self, query: str, limit: int) -> str: ...

    async def forget(self, inside: AsyncConnection[Any], id: str) -> bool: ...

    async def withdraw(self, inside: AsyncConnection[Any], id: str) -> bool: ...

    async def restore(self, inside: AsyncConnection[Any], id: str) -> bool: ...


@tool(effect="write", on_unknown="retry")
async def remember(
    ctx: ToolContext[Any],
    fact: Annotated[str, Field(min_length=1, max_length=MAX_FACT)],
    lane: Literal["owner", "session", "run"] = "owner",
    replaces: Id | None = None,
) -> str:
    """Remember one fact for later, such as a preference, a decision or a name.

    Args:
        fact: One complete sentence that makes sense on its own.
        lane: How far it reaches: all conversations with this person (owner), this conversation
            (session), or this run.
        replaces: The memory that is no longer true because of this fact.
    """
    memory = _memory_of(ctx)
    prepared = await memory.prepare(fact)
    async with ctx.transaction() as inside:
        change = await memory.remember(inside, fact, prepared, lane, replaces)
    ctx.receipt(change)
    said = f"Remembered as {change.id}." if change.added else f"Known already, as {change.id}."
    if change.beside is None:
        return said
    return (
        f"{said} {change.beside} still holds, because it is more trusted. The person can replace "
        f"it: harness memory correct {change.beside} TEXT"
    )


@remember.undo
async def withdraw_fact(ctx: ToolContext[Any], receipt: MemoryChange) -> str:
    if not receipt.added:
        return "nothing was added"
    async with ctx.transaction() as inside:
        done = await _memory_of(ctx).withdraw(inside, receipt.id)
    return f"{receipt.id} was withdrawn" if done else f"{receipt.id} had ended before"


@tool(effect="read")
async def recall(
    ctx: ToolContext[Any],
    query: Annotated[str, Field(min_length=1, max_length=4_000)],
    limit: Annotated[int, Field(ge=1, le=50)] = 10,
) -> str:
    """Search what was remembered, by meaning and by words.

    Args:
        query: What to look for: a question or some words.
        limit: How many memories at most.
    """
    return await _memory_of(ctx).recall(query, limit)


@tool(effect="write", on_unknown="retry")
async def forget_memory(ctx: ToolContext[Any], id: Id) -> str:
    """Withdraw a memory that is wrong or no longer wanted: it is not recalled any more."""
    async with ctx.transaction() as inside:
        done = await _memory_of(ctx).forget(inside, id)
    ctx.receipt(MemoryChange(id, done))
    if not done:
        raise ToolFailed(f"There is no memory {id} that could be withdrawn.")
    return f"{id} is not recalled any more."


@forget_memory.undo
async def restore_fact(ctx: ToolContext[Any], receipt: MemoryChange) -> str:
    async with ctx.transaction() as inside:
        done = receipt.added and await _memory_of(ctx).restore(inside, receipt.id)
    return f"{receipt.id} was added again" if done else "there is nothing to restore"


MEMORY_TOOLS: tuple[AnyTool, ...] = (remember, recall, forget_memory)


def _memory_of(ctx: ToolContext[Any]) -> RunMemory:
    if ctx.host.memory is None:
        raise ToolFailed(
            "This worker keeps no memories for the agent.",
            fix="Declare it with Agent(memory=MemoryPolicy()), with the capability memory enabled.",
        )
    return ctx.host.memory
