"""The tool that searches files of the workspace for text or a regular expression."""

from __future__ import annotations

import fnmatch
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from harness.agent import ToolContext, tool
from harness.commons.children import Limits, wait_for_child
from harness.contracts.clean_text import clean_text
from harness.contracts.errors import ToolError, ToolFailed, ToolTimeout
from harness.tools.files import confine
from harness.tools.files.files import Entry, is_binary, walk_folder
from harness.tools.files.names import show_name

MAX_MATCHES = 100
MAX_FILE = 4 * 1024 * 1024
MAX_BYTES = 128 * 1024 * 1024
MAX_LINE = 300
MAX_DEPTH = 32
SECONDS = 20.0
FILE_SECONDS = 5.0
MEMORY_MB = 256

Find = Callable[[bytes, int], list[tuple[int, str]]]
"""(content, limit) -> (line number, line)."""


@tool(effect="read", workspace=True)
def search_files(
    ctx: ToolContext[Any],
    pattern: Annotated[str, Field(min_length=1, max_length=500)],
    path: str = ".",
    files: Annotated[str, Field(min_length=1, max_length=200)] = "*",
    regex: bool = False,
    ignore_case: bool = False,
) -> str:
    """Search the lines of the workspace's text files.

    Args:
        pattern: The text to find.
        path: The folder to search, with what is below it, or one file.
        files: Names of the files to look at, such as *.py.
        regex: The pattern is a Python regular expression.
        ignore_case: Ignore the difference between upper and lower case.
    """
    until = time.monotonic() + SECONDS

    def find(content: bytes, most: int) -> list[tuple[int, str]]:
        # Most files need no child process: encoded text occurs in the bytes or not at all.
        if not regex and not ignore_case and pattern.encode(errors="replace") not in content:
            return []
        limits = Limits(min(FILE_SECONDS, max(0.1, until - time.monotonic())), MEMORY_MB)
        try:
            found = wait_for_child(
                "harness_activities.jobs.lines:find_lines", content, limits,
                pattern=pattern, regex=regex, ignore_case=ignore_case, most=most,
            )  # fmt: skip
        except ToolError as error:
            raise _explain_limit(error, regex, limits) from None
        return [(number, line) for number, line in json.loads(found)]

    return _search_contents(ctx, path, files, find, until)


def _explain_limit(error: ToolError, regex: bool, limits: Limits) -> ToolError:
    if not isinstance(error, ToolTimeout):
        return error
    advice = "simplify it, or search for plain text" if regex else "search fewer files"
    return ToolTimeout(f"Matching one file took longer than {limits.seconds:.1f} s: {advice}.")


def _search_contents(ctx: ToolContext[Any], path: str, files: str, find: Find, until: float) -> str:
    lines: list[str] = []
    size, end = 0, ""
    for name, content in _read_contents(ctx, path, files):
        size += len(content)
        found = find(content, MAX_MATCHES - len(lines))
        lines += [f"{show_name(name)}:{number}: {_shorten_line(line)}" for number, line in found]
        if len(lines) >= MAX_MATCHES:
            end = f"[only the first {MAX_MATCHES} matches: narrow the search]"
        elif size > MAX_BYTES or time.monotonic() > until or ctx.cancelled.is_set():
            end = "[too much to search: not all files were searched; search a subfolder]"
        if end:
            break
    if not lines:
        return "\n".join(part for part in ("(nothing found)", end) if part)
    return "\n".join([*lines, end] if end else lines)


def _read_contents(ctx: ToolContext[Any], path: str, files: str) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of the text files to search; large ones are skipped."""
    if not _is_folder(ctx.workspace, path):
        with confine.open_file(ctx.workspace, path) as fd:
            content = _read_text(fd)
        if content is None:
            raise ToolFailed(f"{path!r} is not a text file of up to {MAX_FILE:,} bytes.")
        yield path, content
        return
    shown = "/".join(confine.parts_of(path))
    with confine.open_folder(ctx.workspace, path) as folder:
        for entry in walk_folder(folder, MAX_DEPTH, f"{shown}/" if shown else ""):
            if entry.kind == "file" and fnmatch.fnmatchcase(entry.name, files):
                content = _read_entry(entry)
                if content is not None:
                    yield entry.path, content


def _is_folder(root: Path, path: str) -> bool:
    with confine.locate_path(root, path) as place:
        if place.name is None:
            return True
        try:
            os.close(confine.open_subfolder(place.folder, place.name))
        except OSError:
            return False
        return True


def _read_entry(entry: Entry) -> bytes | None:
    try:
        fd = confine.open_regular(entry.folder, entry.name, entry.path)
    except ToolError:  # gone, replaced or not readable
        return None
    try:
        return _read_text(fd)
    finally:
        os.close(fd)


def _read_text(fd: int) -> bytes | None:
    with os.fdopen(os.dup(fd), "rb") as file:
        content = file.read(MAX_FILE + 1)
    return None if len(content) > MAX_FILE or is_binary(content[:8192]) else content


def _shorten_line(line: str) -> str:
    line = clean_text(line.strip())
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}..."
