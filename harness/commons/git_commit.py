"""Find the commit that a folder is at, by reading files.

Running git would obey the configuration, hooks and filters of an untrusted repository. Reads
are bounded, and only a well-formed commit is returned. A folder may name another repository as its
own, so a link is followed only if that repository names the folder too.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import IO

SMALL = 4096
"""Most bytes read of HEAD, of a reference, and of files that name a folder."""
PACKED = 8_000_000
"""Most bytes read of packed references."""
BLOCK = 65_536
LINE_REST = 80
"""A packed reference has at most this many bytes beside its name."""
COMMIT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""SHA-1 or SHA-256."""
REFERENCE = re.compile(rb"refs/[\w][\w.+@#-]*(?:/[\w][\w.+@#-]*)*")
"""The usual ones among those git allows; none leads out of the folder."""
WORKTREE = re.compile(rb"^[ \t]*worktree[ \t]*=[ \t]*(\S.*?)[ \t\r]*$", re.MULTILINE)
"""How the configuration of a submodule names its folder."""
MOST_STEPS = 5
"""Longest chain of references to references."""


def read_commit(folder: Path) -> str | None:
    """Read the commit that the repository around `folder` has checked out; None if there is none
    or its files are malformed."""
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
    if git.is_symlink():
        raise ValueError(f"{git} is a link")
    if git.is_dir():
        return git
    if not git.is_file():
        return None
    word, _, target = _read_start(git).partition(b": ")  # a worktree or a submodule
    folder = parent / os.fsdecode(target.strip())
    if word != b"gitdir" or not _points_back(folder, parent):
        raise ValueError(f"{git} names a repository that does not name it")
    return folder


def _points_back(git: Path, parent: Path) -> bool:
    """Whether a folder of git's names `parent` as its worktree or its submodule."""
    if (git / "gitdir").is_file():
        named, expected = _read_start(git / "gitdir"), parent / ".git"
    else:
        found = WORKTREE.search(_read_start(git / "config"))
        named, expected = found[1] if found else b"", parent
    return bool(named) and (git / os.fsdecode(named)).resolve() == expected


def _read_head(git: Path) -> str | None:
    shared = git
    if (git / "commondir").is_file():  # a worktree: the main folder has the branches
        shared = (git / os.fsdecode(_read_start(git / "commondir").strip())).resolve()
        if git.resolve().parent != shared / "worktrees":
            return None
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
    """Find a packed reference block by block: a list of all lines would take many times the size of
    the file."""
    line = re.compile(rb"\n([0-9a-f]{40,64}) " + re.escape(name) + rb"\r?\n")
    longest = len(name) + LINE_REST
    with _open_regular(shared / "packed-refs") as file:
        seen, left = b"\n", PACKED
        while left > 0:
            block = file.read(min(left, BLOCK))
            left -= len(block)
            seen += block or b"\n"  # the last line may lack its end
            # Looking for the name alone is fast; the pattern would try every line of the block.
            if name in seen and (found := line.search(seen)):
                return found[1]
            if not block:
                break
            seen = seen[-longest:]
    return b""


def _read_start(file: Path, most: int = SMALL) -> bytes:
    """Read the start of a regular file, stripped."""
    with _open_regular(file) as opened:
        return opened.read(most).strip()


def _open_regular(file: Path) -> IO[bytes]:
    """Open a regular file. Not links, which may lead anywhere, nor pipes, which would block
    forever."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    opened = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        opened.close()
        raise ValueError(f"{file} is not a file")
    return opened
