"""The state of one path of the workspace, and how it is read and made, never through a link."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Literal

from harness.contracts.base import Word
from harness.contracts.errors import OutsideConfines, ToolFailed
from harness.contracts.transcript import digest
from harness.tools.files import confine

MAX_READ = 64 * 1024 * 1024
"""Most bytes of a file that is changed."""


class Stored(Word):
    """The place of bytes in an artifact."""

    at: int
    size: int


class State(Word):
    kind: Literal["file", "folder", "link", "other"]
    digest: str | None = None
    mode: int | None = None
    target: str | None = None
    """Of a link."""
    stored: Stored | None = None
    """The bytes of a file."""

    def is_like(self, other: State | None) -> bool:
        """Whether both are the same for whoever reads the workspace."""
        if other is None or self.kind != other.kind:
            return False
        return (self.digest, self.mode, self.target) == (other.digest, other.mode, other.target)


def is_same(one: State | None, other: State | None) -> bool:
    return one is other if one is None or other is None else one.is_like(other)


def file_state(content: bytes, mode: int, at: int) -> State:
    stored = Stored(at=at, size=len(content))
    return State(
        kind="file", digest=digest(content), mode=mode & confine.PERMISSIONS, stored=stored
    )


def look_at(root: Path, path: str, keep: Callable[[bytes], int] | None = None) -> State | None:
    """Return the present state of a path; None if nothing is there.

    Args:
        root: The workspace.
        path: Below it.
        keep: Takes the bytes of a file and returns where they are stored.
    """
    with _open_parent(root, path) as (folder, name):
        if folder is None:
            return None
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise ToolFailed(f"{path!r}: {error.strerror}.") from None
        if stat.S_ISDIR(found.st_mode):
            return State(kind="folder")
        if stat.S_ISLNK(found.st_mode):
            return State(kind="link", target=os.readlink(name, dir_fd=folder))
        if not stat.S_ISREG(found.st_mode):
            return State(kind="other")
        if found.st_size > MAX_READ:
            raise ToolFailed(
                f"{path!r} has {found.st_size:,} bytes; undo is limited to {MAX_READ:,}."
            )
        fd = confine.open_regular(folder, name, path)
        with os.fdopen(fd, "rb") as file:
            content = file.read()
        return file_state(content, found.st_mode, keep(content) if keep else 0)


def last_changed_ns(root: Path, path: str) -> int:
    """Return when the content or the status of a path was last changed; 0 if nothing is there."""
    with _open_parent(root, path) as (folder, name), suppress(OSError):
        if folder is not None:
            return os.stat(name, dir_fd=folder, follow_symlinks=False).st_ctime_ns
    return 0


def list_below(root: Path, path: str) -> list[str]:
    """List everything below a folder, each folder before what is in it."""
    found: list[str] = []
    try:
        with confine.open_folder(root, path) as folder:
            names = sorted(each.name for each in os.scandir(folder))
    except (OSError, ToolFailed):  # a file, or gone
        return []
    for name in names:
        below = f"{path}/{name}"
        found.append(below)
        state = look_at_kind(root, below)
        if state == "folder":
            found += list_below(root, below)
    return found


def look_at_kind(root: Path, path: str) -> str | None:
    with _open_parent(root, path) as (folder, name), suppress(OSError):
        if folder is not None:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            return "folder" if stat.S_ISDIR(mode) else "other"
    return None


def remove(root: Path, path: str, state: State) -> None:
    with _open_parent(root, path) as (folder, name), _explain(path):
        if folder is not None:
            if state.kind == "folder":
                os.rmdir(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)


def make(root: Path, path: str, state: State, content: bytes | None) -> None:
    if state.kind == "file":
        assert content is not None
        confine.write_file(root, path, content, state.mode)
        return
    with _open_parent(root, path, make_folders=True) as (folder, name), _explain(path):
        if folder is None:
            raise ToolFailed(f"The folder of {path!r} is gone.")
        if state.kind == "folder":
            os.mkdir(name, 0o755, dir_fd=folder)
        elif state.kind == "link":
            os.symlink(state.target or "", name, dir_fd=folder)


def stays_inside(path: str, target: str) -> bool:
    """Whether a link at `path` can only lead to what is below the workspace, whatever links it
    passes: it goes up only at its beginning, and not further than the workspace."""
    parts = [part for part in target.split("/") if part not in ("", ".")]
    ups = next((n for n, part in enumerate(parts) if part != ".."), len(parts))
    if target.startswith("/") or ".." in parts[ups:] or len(target) > 1_000:
        return False
    return ups <= len(PurePosixPath(path).parts) - 1


@contextmanager
def _open_parent(
    root: Path, path: str, *, make_folders: bool = False
) -> Generator[tuple[int | None, str]]:
    """Open the folder of `path`: (None, name) if there is none."""
    confine.parts_of(path)
    parent, _, name = path.rpartition("/")
    if make_folders and parent:
        with confine.locate_path(root, path, make_folders=True):
            pass
    try:
        opened = confine.open_folder(root, parent or ".")
        folder = opened.__enter__()
    except OutsideConfines:
        raise
    except ToolFailed:
        yield None, name
        return
    try:
        yield folder, name
    finally:
        opened.__exit__(None, None, None)


@contextmanager
def _explain(path: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise ToolFailed(f"{path!r}: {error.strerror}.") from None
