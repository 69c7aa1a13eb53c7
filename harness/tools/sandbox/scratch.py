"""The folder of one sandbox, and what killed processes have left of theirs.

A process holds a lock in each folder that it uses. The kernel releases the lock when the process
dies, so a folder whose lock is free has no owner, even if another process has got its id.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

PREFIX = "harness-sandbox-"
OWNER = "owner.lock"
UNOWNED_S = 86_400.0
"""After this long a folder without a lock is removed too: its process died before it made one."""
_cleaned = set[Path]()


@asynccontextmanager
async def make_scratch() -> AsyncGenerator[Path]:
    """Make a folder that nobody else can read, and remove it at the end."""
    place = Path(tempfile.gettempdir())
    if place not in _cleaned:
        _cleaned.add(place)
        await asyncio.to_thread(remove_stale, place)
    scratch, lock = await asyncio.to_thread(_make_locked, place)
    try:
        yield scratch
    finally:
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
        os.close(lock)


def remove_stale(place: Path) -> list[Path]:
    """Remove this user's folders in `place` whose processes are gone; returns them."""
    removed: list[Path] = []
    with os.scandir(place) as entries:
        found = [Path(each.path) for each in entries if each.name.startswith(PREFIX)]
    for folder in found:
        try:
            if _remove_if_stale(folder):
                removed.append(folder)
        except OSError:
            continue  # it is being removed, or is not ours
    return removed


def _remove_if_stale(folder: Path) -> bool:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    lock = None
    try:
        status = os.fstat(opened)
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            return False
        try:
            lock = os.open(OWNER, os.O_RDWR | os.O_NOFOLLOW, dir_fd=opened)
        except FileNotFoundError:
            if time.time() - status.st_mtime < UNOWNED_S:
                return False
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while its owner lives
        shutil.rmtree(folder, ignore_errors=True)  # follows no links
        return not folder.exists()
    finally:
        os.close(opened)
        if lock is not None:
            os.close(lock)


def _make_locked(place: Path) -> tuple[Path, int]:
    scratch = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    new = scratch / f"{OWNER}.new"
    lock = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    new.rename(scratch / OWNER)  # once it is locked: nobody sees it free
    return scratch, lock
