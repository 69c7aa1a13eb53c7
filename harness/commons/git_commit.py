"""Which commit a folder is at, read from files.

Running git would obey the configuration, hooks and filters of a repository that nobody has
trusted. What is read here is bounded, and shows only where it looks like a commit.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

SMALL = 4096
"""Bytes of HEAD, of a reference, and of files that name a folder."""
PACKED = 8_000_000
"""Bytes of packed references; of a longer file the beginning is read."""
COMMIT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""SHA-1 or SHA-256."""
REFERENCE = re.compile(rb"refs/[\w][\w.+@#-]*(?:/[\w][\w.+@#-]*)*")
"""Of those that git allows, the usual ones: nothing that leads out of the folder."""
MOST_STEPS = 5
"""References that point to references."""


def read_commit(folder: Path) -> str | None:
    """The commit that the repository around `folder` has checked out; None where there is none, or
    where its files are not as git writes them."""
    try:
        place = folder.resolve()
        for parent in (place, *place.parents):
            if (git := _git_folder(parent)) is not None:
                return _read_head(git)
    except (OSError, ValueError, RuntimeError):  # unreadable, NUL in a path, a circle of links
        return None
    return None


def _git_folder(parent: Path) -> Path | None:
    git = parent / ".git"
    if git.is_dir():
        return git
    if not git.is_file():
        return None
    word, _, target = _read_start(git).partition(b": ")  # a worktree or a submodule
    return parent / os.fsdecode(target.strip()) if word == b"gitdir" else None


def _read_head(git: Path) -> str | None:
    shared = git
    if (git / "commondir").is_file():  # of a worktree: branches stand in the main folder
        shared = git / os.fsdecode(_read_start(git / "commondir").strip())
    content = _read_start(git / "HEAD")
    for _ in range(MOST_STEPS):
        if COMMIT.fullmatch(content):
            return content.decode()
        word, _, name = content.partition(b": ")
        if word != b"ref" or not REFERENCE.fullmatch(name):
            return None
        content = _read_loose(shared, name) or _read_packed(shared, name)
    return None


def _read_loose(shared: Path, name: bytes) -> bytes:
    place = shared / os.fsdecode(name)
    if not place.resolve().is_relative_to(shared.resolve()):  # a link that leads out
        return b""
    try:
        return _read_start(place)
    except OSError:
        return b""


def _read_packed(shared: Path, name: bytes) -> bytes:
    for line in _read_start(shared / "packed-refs", PACKED).splitlines():
        commit, _, packed = line.partition(b" ")
        if packed == name:
            return commit
    return b""


def _read_start(file: Path, most: int = SMALL) -> bytes:
    """The beginning of a regular file, without blank ends. A link may lead to anything, and a pipe
    would make a worker wait for ever."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as opened:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"{file} is not a file")
        return opened.read(most).strip()
