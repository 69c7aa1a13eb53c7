"""Receipts of file tools, and how a change is undone with them.

The receipt is made before the change: it records the file before and after. So after any crash it
is known whether the change happened; undo restores the exact bytes and mode, or refuses if the file
is in neither state.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from harness.agent import Target, ToolContext
from harness.contracts.base import Flag, Word
from harness.contracts.errors import OutsideConfines, TargetChanged, ToolError, ToolFailed
from harness.contracts.transcript import digest
from harness.tools.files import confine

MAX_KEPT = 64 * 1024 * 1024
BLOCK = 1024 * 1024


class Was(Word):
    """The state of a file."""

    digest: str
    mode: int | None = None
    """None: the system's default."""


class Change(Word):
    path: str
    before: Was | None = None
    after: Was | None = None
    kept: str | None = None
    """The artifact with the former bytes."""


class FileReceipt(Word):
    changes: tuple[Change, ...]
    moved: Flag = None
    """The first file was moved to the second: its bytes are not kept."""
    folders: tuple[str, ...] = ()
    """Parent folders that were created, the outermost first."""


class Found(NamedTuple):
    was: Was
    content: bytes


Edit = Callable[[bytes | None], bytes | None]
"""Maps a file's content to its new content; None means no file."""


async def prepare_change(ctx: ToolContext[Any], path: str, edit: Edit) -> FileReceipt:
    """Read the file, store its bytes, and return the receipt."""
    content, change, folders = await asyncio.to_thread(_plan_change, ctx.workspace, path, edit)
    if content is not None:
        kept = await ctx.host.put_artifact(content)
        change = change.model_copy(update={"kept": kept})
    return FileReceipt(changes=(change,), folders=tuple(folders))


def _plan_change(root: Path, path: str, edit: Edit) -> tuple[bytes | None, Change, list[str]]:
    found = read_existing(root, path)
    new = edit(found.content if found else None)
    mode = found.was.mode if found else None
    change = Change(
        path=path,
        before=found.was if found else None,
        after=None if new is None else Was(digest=digest(new), mode=mode),
    )
    folders = confine.missing_folders(root, path) if new is not None else []
    return found.content if found else None, change, folders


def change_file(ctx: ToolContext[Any], new: bytes | None) -> FileReceipt:
    """Make the prepared change, unless an earlier attempt has made it."""
    receipt = FileReceipt.model_validate(ctx.prepared)
    [change] = receipt.changes
    now = look_at_file(ctx.workspace, change.path)
    if _is_same(now, change.after):
        return receipt
    if not _is_same(now, change.before):
        raise TargetChanged(f"{change.path!r} was changed in the meantime. Read it again.")
    if new is None:
        confine.remove_file(ctx.workspace, change.path)
        return receipt
    try:
        confine.write_file(ctx.workspace, change.path, new)
    except BaseException:
        _remove_folders(ctx.workspace, receipt)
        raise
    return receipt


async def undo_files(ctx: ToolContext[Any], receipt: FileReceipt) -> str:
    """Undo what a file tool changed."""
    root = ctx.workspace
    if receipt.moved:
        said = await asyncio.to_thread(_move_back, root, receipt)
    else:
        said = await _restore_file(ctx, receipt.changes[0])
    await asyncio.to_thread(_remove_folders, root, receipt)
    return said


async def _restore_file(ctx: ToolContext[Any], change: Change) -> str:
    root, path, before = ctx.workspace, change.path, change.before
    now = await asyncio.to_thread(look_at_file, root, path)
    if _is_same(now, before):
        return f"{path} is unchanged"
    if not _is_same(now, change.after):
        raise changed_error(path)
    if before is None:
        await asyncio.to_thread(confine.remove_file, root, path)
        return f"removed {path}"
    content = await ctx.host.read_artifact(change.kept or "", 0, None)
    await asyncio.to_thread(confine.write_file, root, path, content, before.mode)
    return f"restored {path} ({len(content):,} bytes)"


def _move_back(root: Path, receipt: FileReceipt) -> str:
    source, target = receipt.changes
    at_source, at_target = look_at_file(root, source.path), look_at_file(root, target.path)
    if _is_same(at_source, source.before) and at_target is None:
        return f"{source.path} is still in place"
    if not _is_same(at_target, target.after):
        raise changed_error(target.path)
    if at_source is not None:
        raise changed_error(source.path)
    confine.move_file(root, target.path, source.path)
    return f"moved {target.path} back to {source.path}"


async def check_files(ctx: ToolContext[Any], receipt: FileReceipt) -> list[Target]:
    """Look at the files that an undo of the call would change."""
    return await asyncio.to_thread(_find_targets, ctx.workspace, receipt)


def _find_targets(root: Path, receipt: FileReceipt) -> list[Target]:
    try:
        return [
            Target(
                name=_find_real_path(root, change.path),
                now=_show_state(look_at_file(root, change.path)),
                after=_show_state(change.after),
                before=_show_state(change.before),
            )
            for change in receipt.changes
        ]
    except OutsideConfines as error:  # no tool of ours replaces a folder by a link that leads out
        raise TargetChanged(error.message) from None


def _find_real_path(root: Path, path: str) -> str:
    """Return the path below the root without links: one name per file. Nothing is opened by it."""
    return os.path.relpath(os.path.realpath(root / path), os.path.realpath(root))


def _show_state(was: Was | None) -> dict[str, Any] | None:
    if was is None:
        return None
    mode = {} if was.mode is None else {"mode": was.mode & confine.PERMISSIONS}
    return {"digest": was.digest, **mode}


def changed_error(path: str) -> ToolError:
    return TargetChanged(f"{path!r} was changed after the run had written it.")


def read_existing(root: Path, path: str) -> Found | None:
    """Read a file and its state; None if it does not exist."""
    fd = _open_existing(root, path)
    if fd is None:
        return None
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if status.st_size > MAX_KEPT:
            raise ToolFailed(
                f"{path!r} has {status.st_size:,} bytes; undo is limited to {MAX_KEPT:,}.",
            )
        content = file.read()
    return Found(Was(digest=digest(content), mode=status.st_mode & confine.PERMISSIONS), content)


def look_at_file(root: Path, path: str) -> Was | None:
    """Return the present state of a file. A file too large to read counts as unchanged while its
    inode, size and modification time stay the same, as they do in a move."""
    fd = _open_existing(root, path)
    if fd is None:
        return None
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        hashed = hashlib.sha256()
        size = status.st_size if status.st_size > MAX_KEPT else 0
        while size <= MAX_KEPT and (block := file.read(BLOCK)):
            hashed.update(block)
            size += len(block)
        if size > MAX_KEPT:
            identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            hashed = hashlib.sha256(f"too large to read: {identity}".encode())
    mode = status.st_mode & confine.PERMISSIONS
    return Was(digest=base64.urlsafe_b64encode(hashed.digest()[:24]).decode(), mode=mode)


def _open_existing(root: Path, path: str) -> int | None:
    if not confine.exists(root, path):
        return None
    with confine.open_file(root, path) as fd:
        return os.dup(fd)


def _is_same(now: Was | None, then: Was | None) -> bool:
    if now is None or then is None:
        return now is then
    return now.digest == then.digest and (
        then.mode is None or then.mode & confine.PERMISSIONS == now.mode
    )


def _remove_folders(root: Path, receipt: FileReceipt) -> None:
    for folder in reversed(receipt.folders):
        confine.remove_empty_folder(root, folder)
