"""What file tools keep before they change a file, and how it is put back from that.

The receipt is made before the change: it says what the file was and what it will be. So it is known
after any crash whether the change happened, and the undo restores exact bytes and mode, or refuses
where the file is neither.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from harness.agent import ToolContext
from harness.contracts.base import Flag, Word
from harness.contracts.errors import TargetChanged, ToolError, ToolFailed
from harness.contracts.transcript import digest
from harness.tools.files import confine

MAX_KEPT = 64 * 1024 * 1024
BLOCK = 1024 * 1024


class Was(Word):
    """A file at a moment."""

    digest: str
    mode: int | None = None
    """Absent where the system's default decides."""


class Change(Word):
    path: str
    before: Was | None = None
    after: Was | None = None
    kept: str | None = None
    """The artifact with the bytes from before."""


class FileReceipt(Word):
    changes: tuple[Change, ...]
    moved: Flag = None
    """The first is the file that the second has become: its bytes are not kept."""
    folders: tuple[str, ...] = ()
    """Made on the way, the outermost first."""


class Found(NamedTuple):
    was: Was
    content: bytes


Edit = Callable[[bytes | None], bytes | None]
"""From a file's content to its new one; None is no file."""


async def prepare_change(ctx: ToolContext[Any], path: str, edit: Edit) -> FileReceipt:
    """Look at the file, and keep its bytes."""
    content, change, folders = await asyncio.to_thread(_plan_change, ctx.workspace, path, edit)
    if content is not None:
        kept = await ctx.host.put_artifact(content)
        change = change.model_copy(update={"kept": kept})
    return FileReceipt(changes=(change,), folders=tuple(folders))


def _plan_change(root: Path, path: str, edit: Edit) -> tuple[bytes | None, Change, list[str]]:
    found = read(root, path)
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
    """Do what was prepared, unless an earlier attempt has done it."""
    receipt = FileReceipt.model_validate(ctx.prepared)
    [change] = receipt.changes
    now = look(ctx.workspace, change.path)
    if _is(now, change.after):
        return receipt
    if not _is(now, change.before):
        raise TargetChanged(f"{change.path!r} was changed just now. Read it again.")
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
    """Put back what a file tool changed."""
    root = ctx.workspace
    if receipt.moved:
        said = await asyncio.to_thread(_move_back, root, receipt)
    else:
        said = await _restore(ctx, receipt.changes[0])
    await asyncio.to_thread(_remove_folders, root, receipt)
    return said


async def _restore(ctx: ToolContext[Any], change: Change) -> str:
    root, path, before = ctx.workspace, change.path, change.before
    now = await asyncio.to_thread(look, root, path)
    if _is(now, before):
        return f"{path} is as it was before"
    if not _is(now, change.after):
        raise changed(path)
    if before is None:
        await asyncio.to_thread(confine.remove_file, root, path)
        return f"removed {path}"
    content = await ctx.host.read_artifact(change.kept or "", 0, None)
    await asyncio.to_thread(confine.write_file, root, path, content, before.mode)
    return f"restored {path} ({len(content):,} bytes)"


def _move_back(root: Path, receipt: FileReceipt) -> str:
    source, target = receipt.changes
    at_source, at_target = look(root, source.path), look(root, target.path)
    if _is(at_source, source.before) and at_target is None:
        return f"{source.path} is where it was before"
    if not _is(at_target, target.after):
        raise changed(target.path)
    if at_source is not None:
        raise changed(source.path)
    confine.move_file(root, target.path, source.path)
    return f"moved {target.path} back to {source.path}"


def changed(path: str) -> ToolError:
    return TargetChanged(f"{path!r} was changed after the run had written it.")


def read(root: Path, path: str) -> Found | None:
    """The file with its content; None where there is none."""
    fd = _open(root, path)
    if fd is None:
        return None
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if status.st_size > MAX_KEPT:
            raise ToolFailed(
                f"{path!r} has {status.st_size:,} bytes; what can be undone is up to {MAX_KEPT:,}.",
            )
        content = file.read()
    return Found(Was(digest=digest(content), mode=status.st_mode & confine.PERMISSIONS), content)


def look(root: Path, path: str) -> Was | None:
    """What the file is now. One that is too large to be read counts as the same while its inode,
    size and time of change stay, which a move keeps."""
    fd = _open(root, path)
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


def _open(root: Path, path: str) -> int | None:
    if not confine.exists(root, path):
        return None
    with confine.open_file(root, path) as fd:
        return os.dup(fd)


def _is(now: Was | None, then: Was | None) -> bool:
    if now is None or then is None:
        return now is then
    return now.digest == then.digest and (
        then.mode is None or then.mode & confine.PERMISSIONS == now.mode
    )


def _remove_folders(root: Path, receipt: FileReceipt) -> None:
    for folder in reversed(receipt.folders):
        confine.remove_empty_folder(root, folder)
