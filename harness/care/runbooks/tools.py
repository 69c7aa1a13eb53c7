"""The tools with which the agent finds runbooks, and proposes a new one."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from pydantic import Field

from harness.agent import AnyTool, tool
from harness.care.invariants.invariant import NAME as INVARIANT
from harness.care.repair.context import NOT_KEPT, Context, add_note
from harness.care.repair.tools import Words
from harness.care.runbooks.runbook import (
    DO,
    NAME,
    list_runbooks,
    read_runbook_text,
    write_runbook,
)
from harness.care.subjects.registry import find_subject
from harness.contracts.errors import ToolFailed


@tool(effect="read", workspace=True, untrusted=True)
async def find_runbooks(ctx: Context, subject: str, words: str = "") -> str:
    """List the runbooks of a subject: name, title, for which invariants, and what to do. Those with
    most of the words come first.

    Args:
        subject: Which service.
        words: What it is about, such as the invariant.
    """
    folder = await _find_folder(ctx, subject)
    found = await asyncio.to_thread(list_runbooks, ctx.workspace, folder)
    wanted = set(words.lower().split())
    lines = sorted(
        (each.line for each in found),
        key=lambda line: -sum(word in line.lower() for word in wanted),
    )
    return "\n".join(lines) or "There are no runbooks."


@tool(effect="read", workspace=True, untrusted=True)
async def read_runbook(ctx: Context, subject: str, name: str) -> str:
    """Read a runbook.

    Args:
        subject: Which service.
        name: Its name, as find_runbooks lists it.
    """
    folder = await _find_folder(ctx, subject)
    return await asyncio.to_thread(read_runbook_text, ctx.workspace, folder, name)


@tool(effect="write", on_unknown="retry")
async def propose_runbook(
    ctx: Context,
    name: Annotated[str, Field(pattern=f"^{NAME.pattern}$")],
    title: Words,
    invariant: Annotated[str, Field(pattern=INVARIANT)],
    do: Annotated[str, Field(pattern=DO, max_length=300)],
    text: Words,
) -> str:
    """Propose a runbook of what helped, for the next time. It becomes a file only when the ticket
    is resolved and a person accepts it. Propose none of a revert: it repairs one commit only.

    Args:
        name: The name of the file, such as `stuck.md`.
        title: The problem in a few words.
        invariant: The invariant that broke.
        do: What helped: `restart`, `set KEY in FILE to NUMBER`, `multiply KEY in FILE by NUMBER`,
            or `ask` if only a person can help.
        text: What was seen (invariant, value, limit), how to recognize it, what helped, and what to
            be careful about. For people: no plots, no output of tools.
    """
    content = write_runbook(title, invariant, do, text)
    if not await add_note(ctx, "runbook", title, {"file": name, "content": content}):
        raise ToolFailed(NOT_KEPT)
    return f"Proposed {name}. It is not a file yet: a person decides."


@propose_runbook.undo
async def keep_proposed(_ctx: Context, _receipt: Any) -> str:
    """Only that of the run which resolved a ticket can be accepted."""
    return "the runbook is not a file"


async def _find_folder(ctx: Context, subject: str) -> str:
    stored = await find_subject(ctx.deps.connection, subject)
    if stored.subject.runbooks is None:
        raise ToolFailed(f"{subject} has no runbooks.")
    return stored.subject.runbooks


RUNBOOKS: tuple[AnyTool, ...] = (find_runbooks, read_runbook, propose_runbook)
