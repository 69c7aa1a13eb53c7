"""Write files so that readers never see a partial one."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path


def write_atomic(path: Path, content: bytes | str, *, mode: int | None = None) -> None:
    """Replace the content of `path` atomically and durably.

    Keeps the mode of an existing file unless `mode` is given. Follows a link, as any other write
    does. Blocks: async callers use a thread.
    """
    data = content.encode() if isinstance(content, str) else content
    if is_special(path):  # a device or pipe cannot be replaced
        _write_special(path, data)
        return
    target = Path(os.path.realpath(path))
    if mode is None and target.exists():
        mode = stat.S_IMODE(target.stat().st_mode)
    _replace_file(target, data, mode)


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a file that only its owner can read, atomically and durably.

    Replaces a link instead of following it: the folder may come from anybody. Blocks.
    """
    _replace_file(path, text.encode(), 0o600)


def _replace_file(target: Path, data: bytes, mode: int | None) -> None:
    temporary = _write_beside(target, data, mode)
    try:
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def _write_special(path: Path, data: bytes) -> None:
    """Write to a device or pipe. Opening a pipe that nobody reads would block forever."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(error.errno, "no program is reading from it", str(path)) from None
        raise
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def is_special(path: Path) -> bool:
    """Whether a path leads to a device, a pipe or a socket."""
    try:
        kind = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(kind) and not stat.S_ISDIR(kind)


def create_atomic(path: Path, content: bytes, *, mode: int) -> bool:
    """Create `path`; False if it exists. It appears only once its content is on disk, and its name
    is durable when this returns. Blocks."""
    temporary = _write_beside(path, content, mode)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Sync a folder: a new name is durable only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_beside(target: Path, data: bytes, mode: int | None) -> Path:
    """Write and sync a temporary file in the same folder."""
    temporary = target.with_name(f".{target.name[:64]}.{secrets.token_hex(6)}")
    # The final mode from the start: a secret is never readable by others.
    handle = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode
    )
    try:
        with os.fdopen(handle, "wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
