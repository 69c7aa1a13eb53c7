"""Whether git tracks what lies in a folder: then a `git pull` may replace it without a question.

The index is read as a file. Running git itself would obey the configuration of a repository that
nobody has trusted.
"""

from __future__ import annotations

import os
from pathlib import Path

LARGEST = 200_000_000
"""Bytes of an index; what is larger counts as tracking everything."""
HEAD = 12
HASHES = (20, 32)
"""Bytes of a hash in a repository with SHA-1 and in one with SHA-256."""
BEFORE_HASH, AFTER_HASH = 40, 2
"""Bytes of an entry around its hash: times, ids, mode and size; flags."""
EXTENDED = 0x4000
LINK = b"link"


def is_tracked(folder: Path) -> bool:
    """Whether the repository around `folder` tracks it, a file in it, or a link on the way to it.
    An index that cannot be read counts as one that does."""
    unresolved = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow links
    return any(_tracks_place(each) for each in {unresolved, folder.resolve()})


def _tracks_place(place: Path) -> bool:
    for parent in place.parents:
        index = _index_of(parent)
        if index is not None:
            return _tracks(index, os.fsencode(place.relative_to(parent)))
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


def _tracks(index: Path, name: bytes) -> bool:
    try:
        if index.stat().st_size > LARGEST:
            return True
        data = index.read_bytes()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    # What a hash size does not fit ends in the middle of something. Where both fit, or none does,
    # nobody can tell what is tracked.
    fitting = [found for size in HASHES if (found := _read(data, size)) is not None]
    if len(fitting) != 1:
        return True
    paths, shared = fitting[0]
    if any(_concerns(path.rstrip(b"/"), name) for path in paths):
        return True
    # A split index has most of its entries in another file. Those that were removed since are
    # still listed there, until `git update-index --no-split-index`.
    return shared is not None and _tracks_shared(index.with_name(f"sharedindex.{shared}"), name)


def _tracks_shared(index: Path, name: bytes) -> bool:
    return not index.is_file() or _tracks(index, name)


def _concerns(path: bytes, name: bytes) -> bool:
    """Whether replacing `path` changes what is found at `name`."""
    return path == name or path.startswith(name + b"/") or name.startswith(path + b"/")


def _read(data: bytes, hash_size: int) -> tuple[list[bytes], str | None] | None:
    """The paths, and the hash of the shared index where there is one; None where the hashes are of
    another size."""
    try:
        paths, at = _paths(data, hash_size)
        shared = None
        while at < len(data) - hash_size:
            kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
            if not kind.isalpha():
                return None
            if kind == LINK and any(data[at + 8 : at + 8 + hash_size]):
                shared = data[at + 8 : at + 8 + hash_size].hex()
            at += 8 + size
    except (IndexError, ValueError):
        return None
    return (paths, shared) if at == len(data) - hash_size else None


def _paths(data: bytes, hash_size: int) -> tuple[list[bytes], int]:
    """The paths of the entries, and where these end."""
    if data[:4] != b"DIRC":
        raise ValueError("not an index")
    version = int.from_bytes(data[4:8], "big")
    if version not in (2, 3, 4):
        raise ValueError("an unknown version")
    fixed = BEFORE_HASH + hash_size + AFTER_HASH
    at, before = HEAD, b""
    paths: list[bytes] = []
    for _ in range(int.from_bytes(data[8:12], "big")):
        flags = int.from_bytes(data[at + fixed - 2 : at + fixed], "big")
        start = at + fixed + (2 if flags & EXTENDED else 0)
        if version == 4:  # what differs from the path before it
            dropped, start = _variable(data, start)
            end = data.index(b"\0", start)
            before = before[: len(before) - dropped] + data[start:end]
            at = end + 1
        else:
            end = data.index(b"\0", start)
            before = data[start:end]
            at += (end - at + 8) // 8 * 8  # padded with one to eight NULs
        paths.append(before)
    return paths, at


def _variable(data: bytes, at: int) -> tuple[int, int]:
    """A number as git writes it in packs, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1
