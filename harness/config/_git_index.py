"""Find out whether git tracks the content of a folder: then a `git pull` may replace it silently.

The index is read as a file. Running git itself would obey the configuration of an untrusted
repository.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

LARGEST = 200_000_000
"""Largest index that is read, in bytes."""
HEAD = 12
HASHES = {20: hashlib.sha1, 32: hashlib.sha256}
"""By the bytes of a hash: what a SHA-1 and a SHA-256 repository use."""
BEFORE_HASH, AFTER_HASH = 40, 2
"""Bytes of an entry around its hash: times, ids, mode and size; flags."""
EXTENDED = 0x4000
LINK, SPARSE = b"link", b"sdir"
MOST_LINKS = 40


class UnreadableIndex(Exception):
    """An index that does not show what git tracks; the text says which one and why."""


def is_tracked(folder: Path) -> bool:
    """Whether a repository around `folder` tracks it, a file in it, or a link on the way to it.

    Raises UnreadableIndex where this cannot be determined.
    """
    return any(_tracks_place(each) for each in {*_follow_links(folder), folder.resolve()})


def _follow_links(folder: Path) -> Iterator[Path]:
    """Yield `folder` as written, and the target of each link on the way."""
    place = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow links
    for _ in range(MOST_LINKS):
        yield place
        way = (*reversed(place.parents), place)
        link = next((each for each in way if each.is_symlink()), None)
        if link is None:
            return
        target = link.parent / link.readlink() / place.relative_to(link)
        place = Path(os.path.abspath(target))  # noqa: PTH100


def _tracks_place(place: Path) -> bool:
    return any(
        _tracks_name(index, os.fsencode(place.relative_to(parent)))
        for parent in place.parents
        if (index := _index_of(parent)) is not None
    )


def _index_of(parent: Path) -> Path | None:
    """The index of the repository whose work tree begins at `parent`."""
    git = parent / ".git"
    if git.is_dir():
        return git / "index"
    if not git.is_file():
        return None
    try:
        with git.open("rb") as file:  # a worktree or a submodule
            word, _, place = file.read(8192).partition(b": ")
    except OSError as error:
        raise UnreadableIndex(f"{git} cannot be read: {error}") from None
    return parent / os.fsdecode(place.rstrip(b"\r\n")) / "index" if word == b"gitdir" else None


def _tracks_name(index: Path, name: bytes) -> bool:
    try:
        if index.stat().st_size > LARGEST:
            raise UnreadableIndex(f"{index} is larger than {LARGEST:,} bytes")
        data = index.read_bytes()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UnreadableIndex(f"{index} cannot be read: {error}") from None
    try:
        paths, shared = _read_index(data)
    except ValueError as error:
        raise UnreadableIndex(f"{index} cannot be read: {error}") from None
    if any(_is_affected(path, name) for path in paths):
        return True
    # A split index has most of its entries in another file, which also lists those removed since.
    return shared is not None and _tracks_shared(index.with_name(f"sharedindex.{shared}"), name)


def _tracks_shared(index: Path, name: bytes) -> bool:
    if not index.is_file():
        raise UnreadableIndex(f"{index} is missing")
    if _tracks_name(index, name):
        raise UnreadableIndex(f"{index} lists files of it, which may have been removed since")
    return False


def _is_affected(path: bytes, name: bytes) -> bool:
    """Whether replacing `path` changes `name`. Case is ignored: a file system may treat `.Harness`
    as `.harness`."""
    path, name = path.rstrip(b"/").lower(), name.lower()
    return path == name or path.startswith(name + b"/") or name.startswith(path + b"/")


def _read_index(data: bytes) -> tuple[list[bytes], str | None]:
    """Read the paths, and the hash of the shared index if there is one."""
    found: list[tuple[list[bytes], str | None]] = []
    why = "its checksum is wrong"
    for size, hasher in HASHES.items():
        # It ends with its own hash, or with zeros where `index.skipHash` is set.
        is_skipped = data[-size:] == bytes(size)
        if not is_skipped and data[-size:] != hasher(data[:-size], usedforsecurity=False).digest():
            continue
        try:
            found.append(_parse_index(data, size))
        except (IndexError, ValueError) as error:
            why = str(error)
        if not is_skipped:
            break  # every command reads the index: one hash of it is enough
    if len(found) != 1:
        raise ValueError(why)
    return found[0]


def _parse_index(data: bytes, hash_size: int) -> tuple[list[bytes], str | None]:
    paths, at = _parse_paths(data, hash_size)
    end, shared = len(data) - hash_size, b""
    while at < end:
        kind, content = data[at : at + 4], at + 8
        at = content + int.from_bytes(data[at + 4 : content], "big")
        if kind == LINK:
            shared = data[content : content + hash_size]
        elif kind != SPARSE and not b"A" <= kind[:1] <= b"Z":  # only these may be skipped
            raise ValueError(f"its extension {kind!r} is unknown")
    if at != end:
        raise ValueError("it is cut off")
    return paths, shared.hex() if any(shared) else None


def _parse_paths(data: bytes, hash_size: int) -> tuple[list[bytes], int]:
    """Read the paths of the entries, and the offset after them."""
    if data[:4] != b"DIRC":
        raise ValueError("it is not an index")
    version = int.from_bytes(data[4:8], "big")
    if version not in (2, 3, 4):
        raise ValueError(f"its version {version} is unknown")
    fixed = BEFORE_HASH + hash_size + AFTER_HASH
    at, before = HEAD, b""
    paths: list[bytes] = []
    for _ in range(int.from_bytes(data[8:12], "big")):
        flags = int.from_bytes(data[at + fixed - 2 : at + fixed], "big")
        start = at + fixed + (2 if flags & EXTENDED else 0)
        if version == 4:  # what differs from the path before it
            dropped, start = _parse_varint(data, start)
            end = data.index(b"\0", start)
            before = before[: len(before) - dropped] + data[start:end]
            at = end + 1
        else:
            end = data.index(b"\0", start)
            before = data[start:end]
            at += (end - at + 8) // 8 * 8  # padded with one to eight NULs
        paths.append(before)
    return paths, at


def _parse_varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a number as git encodes it in packs, and the offset after it."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1
