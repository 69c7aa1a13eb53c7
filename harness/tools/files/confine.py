"""Paths that cannot leave a folder, even if another process changes the folder meanwhile.

A path is walked part by part: each folder is opened relative to the previous one, never following a
link, so that what was checked is what is used. Links are read and walked by the same rules, from
their own folder; `..` in a link goes back to a folder that was opened on the way.

Not detected: hard links to files outside, and mounts inside; both need rights outside the folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from harness.contracts.errors import OutsideConfines, ToolError, ToolFailed

MAX_LINKS = 16
MAX_PARTS = 64
PERMISSIONS = 0o777
"""The mode bits that a file keeps: never setuid, setgid or sticky, which would give another user's
rights to content that a model wrote."""

STATE_FOLDER = ".harness"
STATE_MARKS = ("made-here", "signing.key")
"""Files that identify harness's own folder."""
KEYS_INSIDE = "harness keeps its keys and data there"

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a planted fifo must fail instead of hanging.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Place:
    """An open folder and a name in it; the name is None for the folder itself, and never a link."""

    folder: int
    name: str | None
    shown: str


def refusal_error(path: str, why: str) -> ToolError:
    return OutsideConfines(f"{_show_path(path)} is refused: {why}. Give a path in the workspace.")


def parts_of(path: str) -> list[str]:
    """Split a path; raises ToolError if it is absolute, goes up or is invalid."""
    if "\0" in path:
        raise refusal_error(path, "it contains a NUL character")
    if path.startswith(("/", "\\", "~")) or (len(path) > 1 and path[1] == ":"):
        raise refusal_error(path, "it is absolute")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise refusal_error(path, "it goes up (..)")
    if len(parts) > MAX_PARTS or any(len(part.encode(errors="replace")) > 255 for part in parts):
        raise refusal_error(path, "it is too long")
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise refusal_error(path, "it is not a valid file name here") from None
    return parts


@contextlib.contextmanager
def locate_path(root: Path, path: str, *, make_folders: bool = False) -> Generator[Place]:
    """Resolve `path` below `root`. The last part need not exist."""
    parts = parts_of(path)
    with _Walker(root, path) as walker:
        name = walker.walk_parts(parts, make_folders)
        yield Place(walker.folder, name, path)


@contextlib.contextmanager
def open_file(root: Path, path: str) -> Generator[int]:
    """Open the regular file at `path` for reading; yields its descriptor."""
    with locate_path(root, path) as place:
        if place.name is None:
            raise ToolFailed(f"{_show_path(path)} is a folder: use list_files.")
        fd = open_regular(place.folder, place.name, path)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def open_folder(root: Path, path: str) -> Generator[int]:
    with locate_path(root, path) as place:
        try:
            fd = (
                os.dup(place.folder)
                if place.name is None
                else open_subfolder(place.folder, place.name)
            )
        except OSError as error:
            raise _explain_error(path, error) from None
    try:
        yield fd
    finally:
        os.close(fd)


def open_subfolder(folder: int, name: str) -> int:
    """Open a subfolder of an open one; raises OSError if that is impossible or not allowed."""
    if name.lower() == STATE_FOLDER:
        raise _keys_inside_error()
    below = os.open(name, _FOLDER, dir_fd=folder)
    try:
        _refuse_state_folder(below)
    except OSError:
        os.close(below)
        raise
    return below


def _refuse_state_folder(folder: int) -> None:
    """Refuse harness's state folder under any name: it has the keys that prove who started a
    run."""
    for mark in STATE_MARKS:
        with contextlib.suppress(FileNotFoundError):
            os.stat(mark, dir_fd=folder, follow_symlinks=False)
            raise _keys_inside_error()


def _keys_inside_error() -> OSError:
    return PermissionError(errno.EACCES, KEYS_INSIDE)


def open_regular(folder: int, name: str, path: str) -> int:
    """Open a regular file for reading: no link, fifo, socket or device."""
    try:
        _check_regular(os.stat(name, dir_fd=folder, follow_symlinks=False), path)
        fd = os.open(name, _FILE, dir_fd=folder)
    except OSError as error:
        raise _explain_error(path, error) from None
    try:
        _check_regular(os.fstat(fd), path)  # it may have been replaced since
    except ToolError:
        os.close(fd)
        raise
    os.set_blocking(fd, True)
    return fd


def write_file(root: Path, path: str, content: bytes, mode: int | None = None) -> bool:
    """Write a file atomically; returns True if it was created. An existing file keeps its
    permissions unless `mode` is given."""
    with locate_path(root, path, make_folders=True) as place:
        if place.name is None:
            raise ToolFailed(f"{_show_path(path)} is a folder.")
        try:
            return _replace_file(place.folder, place.name, content, path, mode)
        except OSError as error:
            raise _explain_error(path, error) from None


def remove_file(root: Path, path: str) -> None:
    with locate_path(root, path) as place:
        if place.name is None:
            raise ToolFailed(f"{_show_path(path)} is a folder.")
        try:
            _check_regular(os.stat(place.name, dir_fd=place.folder, follow_symlinks=False), path)
            os.unlink(place.name, dir_fd=place.folder)
        except OSError as error:
            raise _explain_error(path, error) from None


def remove_empty_folder(root: Path, path: str) -> None:
    """Remove a folder if it is empty."""
    with contextlib.suppress(OSError, ToolError), locate_path(root, path) as place:
        if place.name is not None:
            os.rmdir(place.name, dir_fd=place.folder)


def move_file(root: Path, source: str, target: str) -> None:
    """Move a file. An existing target is replaced, so check first."""
    with locate_path(root, source) as old, locate_path(root, target, make_folders=True) as new:
        if old.name is None or new.name is None:
            raise ToolFailed(f"{_show_path(target if old.name else source)} is a folder.")
        try:
            _drop_special_bits(old.folder, old.name, source)
            os.rename(old.name, new.name, src_dir_fd=old.folder, dst_dir_fd=new.folder)
        except OSError as error:
            raise _explain_error(source, error) from None


def missing_folders(root: Path, path: str) -> list[str]:
    """List the missing parent folders of `path`, the outermost first."""
    parts = parts_of(path)
    ways = ["/".join(parts[:count]) for count in range(1, len(parts))]
    return [way for way in ways if not exists(root, way)]


def exists(root: Path, path: str) -> bool:
    try:
        with locate_path(root, path) as place:
            if place.name is not None:
                os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)
    except OutsideConfines:
        raise
    except (OSError, ToolError):
        return False
    return True


def _replace_file(folder: int, name: str, content: bytes, path: str, wanted: int | None) -> bool:
    mode, created = 0o644, True
    with contextlib.suppress(FileNotFoundError):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        _check_regular(found, path)
        mode, created = found.st_mode & PERMISSIONS, False
    temporary = f".{secrets.token_hex(8)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(temporary, flags, mode, dir_fd=folder)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            if wanted is not None or not created:  # `open` applies the umask
                os.fchmod(fd, mode if wanted is None else wanted & PERMISSIONS)
            file.flush()
            os.fsync(fd)
        # A link or fifo that was planted since is replaced, never followed.
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    return created


def _drop_special_bits(folder: int, name: str, path: str) -> None:
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    _check_regular(found, path)
    if stat.S_IMODE(found.st_mode) & ~PERMISSIONS == 0:
        return
    fd = open_regular(folder, name, path)
    try:
        os.fchmod(fd, os.fstat(fd).st_mode & PERMISSIONS)
    finally:
        os.close(fd)


def _check_regular(found: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise ToolFailed(f"{_show_path(path)} is a folder.")
    if stat.S_ISLNK(found.st_mode):
        raise refusal_error(path, "it was just replaced by a link")
    if not stat.S_ISREG(found.st_mode):
        raise refusal_error(path, "it is a device, pipe or socket")


class _Walker:
    """Walks down from a root; keeps the opened folders, the root first."""

    def __init__(self, root: Path, path: str) -> None:
        self._path = path
        self._links = 0
        self._open: list[int] = []
        try:
            # The root itself may be a link: it was chosen by whoever started the run.
            self._open.append(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            _refuse_state_folder(self.folder)
        except OSError as error:
            self.__exit__()
            raise ToolFailed(f"The workspace folder cannot be opened: {error.strerror}.") from None

    def __enter__(self) -> _Walker:
        return self

    def __exit__(self, *_: object) -> None:
        for fd in self._open:
            os.close(fd)

    @property
    def folder(self) -> int:
        return self._open[-1]

    def walk_parts(self, parts: list[str], make_folders: bool) -> str | None:
        """Walk a path; returns the name of its last part, or None if it is the open folder."""
        todo = list(reversed(parts))
        while todo:
            part = todo.pop()
            if part == "..":  # only from links
                if len(self._open) == 1:
                    raise refusal_error(self._path, "a link in it leads out")
                os.close(self._open.pop())
                continue
            target = self._link_target(part)
            if target is not None:
                todo += reversed(target)
            elif todo:
                self._enter_folder(part, make_folders)
            else:
                return part
        return None

    def _enter_folder(self, name: str, make: bool) -> None:
        if len(self._open) > 2 * MAX_PARTS:
            raise refusal_error(self._path, "it is too deep")
        try:
            if make and name.lower() != STATE_FOLDER:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o755, dir_fd=self.folder)
            self._open.append(open_subfolder(self.folder, name))
        except OSError as error:
            raise _explain_error(self._path, error) from None

    def _link_target(self, name: str) -> list[str] | None:
        """Return the parts of a link's target; None if `name` is not a link."""
        try:
            target = os.readlink(name, dir_fd=self.folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.EINVAL:  # exists and is not a link
                return None
            raise _explain_error(self._path, error) from None
        self._links += 1
        if self._links > MAX_LINKS:
            raise refusal_error(self._path, "it goes through too many links")
        if target.startswith("/"):
            raise refusal_error(self._path, "a link in it leads out")
        return [part for part in target.split("/") if part not in ("", ".")]


def _explain_error(path: str, error: OSError) -> ToolError:
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return refusal_error(path, "a part of it was just replaced by a link")
    if error.strerror == KEYS_INSIDE:
        return refusal_error(path, KEYS_INSIDE)
    if error.errno == errno.ENOENT:
        return ToolFailed(
            f"{_show_path(path)} does not exist. List existing files with list_files."
        )
    if error.errno == errno.ENOTDIR:
        return ToolFailed(f"A part of {_show_path(path)} is not a folder.")
    return ToolFailed(f"{_show_path(path)}: {error.strerror}.")


def _show_path(path: str) -> str:
    return repr(path if len(path) <= 200 else f"{path[:200]}...")
