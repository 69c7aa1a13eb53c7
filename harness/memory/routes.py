"""The routes of memory: each caller's own."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from harness.api.body import location_of
from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.route import Created, Route
from harness.memory.client import LAST
from harness.memory.desk import MemoryDesk
from harness.memory.views import (
    MemoryList,
    MemoryStats,
    MemoryVerification,
    MemoryView,
    NewMemory,
    RepairRequest,
    WrittenMemory,
)

Limit = Annotated[int, Query(ge=1, le=500)]


async def list_memories(
    context: Context,
    caller: CallerOf,
    q: Annotated[str | None, Query(min_length=1, max_length=4_000)] = None,
    limit: Limit = 50,
    before: Annotated[int | None, Query(ge=1, le=LAST)] = None,
) -> MemoryList:
    """List the caller's memories that hold now: the newest first or, with `q`, the best first."""
    desk = MemoryDesk(context.connection, caller)
    if q is not None:
        return await desk.search(q, limit=limit)
    return await desk.list(limit=limit, before=before)


async def add_memory(
    body: NewMemory, context: Context, caller: CallerOf, response: Response
) -> WrittenMemory:
    """Add a memory. One that is known is not added again."""
    written = await MemoryDesk(context.connection, caller).add(body.text)
    response.headers["Location"] = location_of("memories", written.id)
    return written


async def count_memories(context: Context, caller: CallerOf) -> MemoryStats:
    """Count the caller's memories."""
    return await MemoryDesk(context.connection, caller).stats()


async def verify_memories(
    body: RepairRequest, context: Context, caller: CallerOf
) -> MemoryVerification:
    """Check whether the caller's memories were changed outside harness."""
    return await MemoryDesk(context.connection, caller).verify(repair=body.repair)


async def show_memory(memory: PathText, context: Context, caller: CallerOf) -> MemoryView:
    """Read a memory, also one that was replaced."""
    return await MemoryDesk(context.connection, caller).find(memory)


async def correct_memory(
    memory: PathText, body: NewMemory, context: Context, caller: CallerOf
) -> WrittenMemory:
    """Replace a memory by what is true instead."""
    return await MemoryDesk(context.connection, caller).correct(memory, body.text)


async def forget_memory(memory: PathText, context: Context, caller: CallerOf) -> MemoryView:
    """Forget a memory: its text is erased. The response has it for the last time."""
    return await MemoryDesk(context.connection, caller).forget(memory)


ROUTES = (
    Route("GET", "/memories", list_memories, Role.VIEWER),
    Route("POST", "/memories", add_memory, Role.OPERATOR, 201, creates=Created("memory", "/id")),
    Route("GET", "/memories/stats", count_memories, Role.VIEWER),
    Route("POST", "/memories/verify", verify_memories, Role.OPERATOR),
    Route("GET", "/memories/{memory}", show_memory, Role.VIEWER),
    Route("PUT", "/memories/{memory}", correct_memory, Role.OPERATOR),
    Route("DELETE", "/memories/{memory}", forget_memory, Role.OPERATOR),
)
