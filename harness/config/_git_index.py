"""Whether git tracks what lies in a folder: then a `git pull` may replace it without a question.

The index is read as a file. Running git itself would obey the configuration of a repository that
nobody has trusted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

LARGEST = 200_000_000
"""Bytes of an index; what is larger counts as tracking everything."""
HEAD = 12
FIXED = 62
"""Bytes of an entry before its path: times, ids, mode, size, SHA-1 and flags."""
EXTENDED = 0x4000


def is_tracked(folder: Path) -> bool:
    """Whether the repository around `folder` tracks a file in it. An index that cannot be read
    counts as one that does."""
    folder = folder.resolve()
    for parent in folder.parents:
        index = _index_of(parent)
        if index is not None:
            return _tracks(index, os.fsencode(folder.relative_to(parent)) + b"/")
    return False


def _index_of(parent: Path) -> Path | None:
    """The index of the repository whose work tree begins at `parent`."""
    git = parent / ".git"
    if git.is_dir():
        return git / "index"
    if not git.is_file():
        return None
    word, _, place = git.read_text(errors="replace")[:4096].strip().partition(": ")
    return parent / place / "index" if word == "gitdir" else None


def _tracks(index: Path, prefix: bytes) -> bool:
    try:
        if index.stat().st_size > LARGEST:
            return True
        data = index.read_bytes()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        return any(path.startswith(prefix) for path in _paths(data))
    except (IndexError, ValueError):
        return True


def _paths(data: bytes) -> Iterator[bytes]:
    if data[:4] != b"DIRC":
        raise ValueError("not an index")
    version = int.from_bytes(data[4:8], "big")
    if version not in (2, 3, 4):
        raise ValueError("an unknown version")
    at, before = HEAD, b""
    for _ in range(int.from_bytes(data[8:12], "big")):
        flags = int.from_bytes(data[at + FIXED - 2 : at + FIXED], "big")
        start = at + FIXED + (2 if flags & EXTENDED else 0)
        if version == 4:  # what differs from the path before it
            dropped, start = _variable(data, start)
            end = data.index(b"\0", start)
            before = before[: len(before) - dropped] + data[start:end]
            at = end + 1
        else:
            end = data.index(b"\0", start)
            before = data[start:end]
            at += (end - at + 8) // 8 * 8  # padded with one to eight NULs
        yield before


def _variable(data: bytes, at: int) -> tuple[int, int]:
    """A number as git writes it in packs, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1
