"""Tools that read and write files in the run's workspace, and nowhere else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import IO, Annotated, Any, NamedTuple

from pydantic import Field

from harness.agent import ToolContext, tool
from harness.contracts.errors import ToolFailed
from harness.tools.files import confine
from harness.tools.files.names import show_name
from harness.tools.files.receipts import (
    FileReceipt,
    change_file,
    check_files,
    prepare_change,
    undo_files,
)

MAX_LINES = 2_000
MAX_LINE = 2_000
MAX_PAGE = 12_000
MAX_SCAN = 64 * 1024 * 1024
MAX_WRITE = 1_000_000
MAX_ENTRIES = 500
MAX_FOLDER = 20_000
BLOCK = 64 * 1024


class Entry(NamedTuple):
    path: str
    kind: str
    size: int
    folder: int
    """Descriptor of its folder; open only while the walk is there."""
    name: str


@tool(effect="read", workspace=True)
def read_file(
    ctx: ToolContext[Any],
    path: str,
    offset: Annotated[int, Field(ge=1)] = 1,
    limit: Annotated[int, Field(ge=1, le=MAX_LINES)] = 400,
) -> str:
    """Read lines of a text file in the workspace.

    Args:
        path: Relative to the workspace.
        offset: Number of the first line.
        limit: How many lines.
    """
    with confine.open_file(ctx.workspace, path) as fd:
        if is_binary(os.pread(fd, BLOCK, 0)):
            size = os.fstat(fd).st_size
            raise ToolFailed(f"{path!r} is not a text file: {size:,} bytes of binary data.")
        page = _read_page(fd, offset, limit)
    if not page.lines:
        if not page.whole:
            return f"(line {offset} is beyond the first {MAX_SCAN:,} bytes, which is the limit)"
        return f"(the file has only {page.seen} lines)" if page.seen else "(empty file)"
    last = offset + len(page.lines) - 1
    total = f"of {page.seen}" if page.whole else "of more"
    more = f"; continue with offset={last + 1}" if not page.whole or last < page.seen else ""
    return "\n".join((*page.lines, f"[lines {offset}-{last} {total}{more}]"))


@tool(effect="write", workspace=True, on_unknown="retry")
def write_file(ctx: ToolContext[Any], path: str, content: str) -> str:
    """Write a text file in the workspace, replacing it if it exists. Folders are made as needed.

    Args:
        path: Relative to the workspace.
        content: The whole new content.
    """
    data = content.encode(errors="replace")
    receipt = change_file(ctx, data)
    verb = "Replaced" if receipt.changes[0].before else "Created"
    return f"{verb} {path} ({len(data):,} bytes)."


@write_file.prepare
async def before_write(ctx: ToolContext[Any], arguments: Mapping[str, Any]) -> FileReceipt:
    data = arguments["content"].encode(errors="replace")
    if len(data) > MAX_WRITE:
        raise ToolFailed(f"The content has {len(data):,} bytes; the limit is {MAX_WRITE:,}.")
    return await prepare_change(ctx, arguments["path"], lambda _: data)


write_file.undo(undo_files)
write_file.check(check_files)


@tool(effect="read", workspace=True)
def list_files(
    ctx: ToolContext[Any],
    path: str = ".",
    depth: Annotated[int, Field(ge=1, le=8)] = 1,
) -> str:
    """List files and folders of the workspace with their sizes.

    Args:
        path: The folder, relative to the workspace.
        depth: How many levels to go down.
    """
    lines: list[str] = []
    with confine.open_folder(ctx.workspace, path) as folder:
        for entry in walk_folder(folder, depth):
            if ctx.cancelled.is_set():
                break
            if len(lines) == MAX_ENTRIES:
                lines.append(f"[more than {MAX_ENTRIES} entries: list a subfolder]")
                break
            lines.append(_format_entry(entry))
    return "\n".join(lines) or "(empty folder)"


def walk_folder(folder: int, depth: int, prefix: str = "") -> Iterator[Entry]:
    """Yield the entries below an open folder by name, each folder followed by its contents; links
    are not followed."""
    with os.scandir(folder) as found:
        names = [entry.name for entry in islice(found, MAX_FOLDER + 1)]
    if len(names) > MAX_FOLDER:
        yield Entry(prefix or ".", "cut", 0, folder, ".")
    for name in sorted(names[:MAX_FOLDER]):
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:  # gone meanwhile
            continue
        path = f"{prefix}{name}"
        kind = _kind_of(status.st_mode)
        yield Entry(path, kind, status.st_size, folder, name)
        if kind == "folder" and depth > 1:
            try:
                below = confine.open_subfolder(folder, name)
            except OSError:  # not readable, or replaced by a link
                continue
            try:
                yield from walk_folder(below, depth - 1, f"{path}/")
            finally:
                os.close(below)


def is_binary(head: bytes) -> bool:
    return b"\0" in head


class _Page(NamedTuple):
    lines: list[str]
    seen: int
    whole: bool
    """Whether `seen` counts all lines of the file."""


def _read_page(fd: int, offset: int, limit: int) -> _Page:
    lines: list[str] = []
    size = 0
    with os.fdopen(os.dup(fd), "rb") as file:
        seen = _skip_lines(file, offset - 1)
        while len(lines) < limit and (raw := _read_line(file)):
            text = _show_line(raw)
            size += len(text.encode())
            if lines and size > MAX_PAGE:
                file.seek(-len(raw), os.SEEK_CUR)
                break
            lines.append(text)
            seen += 1
            _skip_rest(file, raw)
        ended = True
        while block := file.read(BLOCK):  # the remaining lines are only counted
            if file.tell() > MAX_SCAN:
                return _Page(lines, seen, whole=False)
            seen += block.count(b"\n")
            ended = block.endswith(b"\n")
    return _Page(lines, seen + (not ended), whole=True)


def _skip_lines(file: IO[bytes], count: int) -> int:
    """Skip `count` lines; returns how many were skipped."""
    seen = 0
    while seen < count and file.tell() < MAX_SCAN and (block := file.read(BLOCK)):
        found = block.count(b"\n")
        if seen + found >= count:
            rest = block.split(b"\n", count - seen)[-1]
            file.seek(-len(rest), os.SEEK_CUR)
            return count
        seen += found
        if len(block) < BLOCK and not block.endswith(b"\n"):
            return seen + 1
    return seen


def _read_line(file: IO[bytes]) -> bytes:
    """Read the beginning of the next line: no more than is shown."""
    return file.readline(4 * MAX_LINE + 2) if file.tell() < MAX_SCAN else b""


def _skip_rest(file: IO[bytes], raw: bytes) -> None:
    while raw and not raw.endswith(b"\n") and file.tell() < MAX_SCAN:
        raw = file.readline(BLOCK)


def _show_line(raw: bytes) -> str:
    text = raw[: 4 * MAX_LINE].decode(errors="replace").rstrip("\r\n")
    return text if len(text) <= MAX_LINE else f"{text[:MAX_LINE]}... [line cut]"


def _kind_of(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else "other"


def _format_entry(entry: Entry) -> str:
    path = show_name(entry.path)
    if entry.kind == "folder":
        return f"{path}/"
    if entry.kind == "file":
        return f"{path}  {entry.size:,} B"
    if entry.kind == "cut":
        return f"[{path} has more than {MAX_FOLDER:,} entries: not all are listed]"
    return f"{path}  ({'link' if entry.kind == 'link' else 'device, pipe or socket'})"
