"""What the tools of the agent work with."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.agent import ToolContext
from harness.care.tickets.rows import Note, NoteKind
from harness.care.tickets.store import TicketStore
from harness.config import find_project, load_settings
from harness.contracts.errors import StackUnreachable
from harness.engine.connection import Connection, open_connection
from harness.stack import find_stack


@dataclass(frozen=True)
class Repair:
    """What the tools work with: the `deps` of the agent."""

    connection: Connection

    async def find_ticket(self, run: str) -> str | None:
        """The ticket that a run works on."""
        return await TicketStore(self.connection.database).find_ticket_of(run)


Context = ToolContext[Repair]
NOT_KEPT = "Not kept: this run works on no ticket."


async def add_note(ctx: Context, kind: NoteKind, text: str, evidence: dict[str, Any]) -> bool:
    """Add what a call has found to the ticket of its run, once. False: it works on none."""
    ticket = await ctx.deps.find_ticket(ctx.run)
    if ticket is None:
        return False
    note = Note(
        id=ctx.idempotency_key, kind=kind, text=text, by="agent", at=0.0, evidence=evidence,
        run=ctx.run,
    )  # fmt: skip
    await TicketStore(ctx.deps.connection.database).add_note(ticket, note)
    return True


@asynccontextmanager
async def open_repair() -> AsyncGenerator[Repair]:
    """Connect to the project's stack, once in each worker process."""
    project = find_project(Path.cwd())
    settings = load_settings(project)
    endpoints = await find_stack(settings, project)
    if endpoints is None:
        raise StackUnreachable("The stack of the worker's project is not running.")
    async with open_connection(settings, endpoints, project) as connection:
        repair = Repair(connection)
        _opened.append(repair)
        try:
            yield repair
        finally:
            _opened.remove(repair)


_opened: list[Repair] = []
"""Of this process."""


@asynccontextmanager
async def use_repair() -> AsyncGenerator[Repair]:
    """What the tools of this process have opened, for rules and gates, which get no `deps`; without
    it, connect for this once."""
    if _opened:
        yield _opened[-1]
    else:
        async with open_repair() as repair:
            yield repair
