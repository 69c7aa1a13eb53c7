"""Tools that change files of the run's workspace one by one; each can be undone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from harness.agent import ToolContext, tool
from harness.commons.children import Limits, wait_for_child
from harness.contracts.errors import TargetChanged, ToolError, ToolFailed
from harness.tools.files import confine
from harness.tools.files.receipts import (
    Change,
    FileReceipt,
    change_file,
    check_files,
    look_at_file,
    prepare_change,
    read_existing,
    undo_files,
)

MAX_EDITED = 8 * 1024 * 1024
"""Most bytes of an edited file, before and after."""
LIMITS = Limits(seconds=5, memory_mb=256)


@tool(effect="write", workspace=True, on_unknown="retry")
def edit_file(
    ctx: ToolContext[Any], path: str, old: str, new: str, everywhere: bool = False
) -> str:
    """Replace a passage of a text file in the workspace.

    Args:
        path: Relative to the workspace.
        old: The exact text to replace, with enough around it that it occurs once.
        new: The replacement.
        everywhere: Replace each place where it occurs.
    """
    found = read_existing(ctx.workspace, path)
    content = found.content if found else None
    receipt = FileReceipt.model_validate(ctx.prepared)
    is_old = found is not None and found.was == receipt.changes[0].before
    # If an earlier attempt has edited the file, there is nothing left to replace.
    change_file(ctx, _edit_content(path, content, old, new, everywhere) if is_old else content)
    return f"Edited {path}."


@edit_file.prepare
async def before_edit(ctx: ToolContext[Any], arguments: Mapping[str, Any]) -> FileReceipt:
    path = arguments["path"]
    rest = arguments["old"], arguments["new"], arguments["everywhere"]
    return await prepare_change(ctx, path, lambda content: _edit_content(path, content, *rest))


@tool(effect="write", workspace=True, on_unknown="retry")
def delete_file(ctx: ToolContext[Any], path: str) -> str:
    """Delete a file in the workspace.

    Args:
        path: Relative to the workspace.
    """
    change_file(ctx, None)
    return f"Deleted {path}."


@delete_file.prepare
async def before_delete(ctx: ToolContext[Any], arguments: Mapping[str, Any]) -> FileReceipt:
    path = arguments["path"]

    def deleted(content: bytes | None) -> None:
        if content is None:
            raise _missing_error(path)

    return await prepare_change(ctx, path, deleted)


@tool(effect="write", workspace=True, on_unknown="retry")
def move_file(ctx: ToolContext[Any], source: str, target: str) -> str:
    """Move or rename a file in the workspace. Folders are made as needed.

    Args:
        source: Relative to the workspace.
        target: Where it goes; nothing may be there yet.
    """
    receipt = FileReceipt.model_validate(ctx.prepared)
    old, new = receipt.changes
    at_source, at_target = look_at_file(ctx.workspace, source), look_at_file(ctx.workspace, target)
    if at_source == old.before and at_target is None:
        confine.move_file(ctx.workspace, source, target)
    elif at_source is not None or at_target != new.after:
        raise TargetChanged(f"{source!r} or {target!r} was changed in the meantime.")
    return f"Moved {source} to {target}."


@move_file.prepare
async def before_move(ctx: ToolContext[Any], arguments: Mapping[str, Any]) -> FileReceipt:
    source, target = arguments["source"], arguments["target"]
    return await asyncio.to_thread(_prepare_move, ctx, source, target)


def _prepare_move(ctx: ToolContext[Any], source: str, target: str) -> FileReceipt:
    was = look_at_file(ctx.workspace, source)
    if was is None:
        raise _missing_error(source)
    if confine.exists(ctx.workspace, target):
        raise ToolFailed(f"{target!r} exists already: delete it first.")
    return FileReceipt(
        changes=(Change(path=source, before=was), Change(path=target, after=was)),
        moved=True,
        folders=tuple(confine.missing_folders(ctx.workspace, target)),
    )


for _each in (edit_file, delete_file, move_file):
    _each.undo(undo_files)
    _each.check(check_files)


def _edit_content(path: str, content: bytes | None, old: str, new: str, everywhere: bool) -> bytes:
    if content is None:
        raise _missing_error(path)
    if len(content) > MAX_EDITED:
        raise ToolFailed(f"{path!r} has {len(content):,} bytes; the limit is {MAX_EDITED:,}.")
    return wait_for_child(
        "harness_activities.jobs.edits:replace_text", content, LIMITS,
        path=repr(path), old=old, new=new, everywhere=everywhere, most=MAX_EDITED,
    )  # fmt: skip


def _missing_error(path: str) -> ToolError:
    return ToolFailed(f"{path!r} does not exist. List existing files with list_files.")
