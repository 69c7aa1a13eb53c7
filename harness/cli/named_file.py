"""Write to a file named on the command line."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from harness.cli.parser import UsageError
from harness.commons.files import is_special, write_atomic
from harness.contracts.errors import FileNotWritten

PRIVATE = 0o600
"""The mode of new files: runs may contain anything."""


def check_new(file: Path, *, force: bool) -> None:
    """Refuse to replace a file or a link, before its content is computed. Devices and pipes are
    allowed."""
    if force or file.is_dir() or is_special(file):
        return
    if os.path.lexists(file):
        raise UsageError(
            f"{file} already exists.", "Name another file, or pass --force to replace it."
        )


def write_named(file: Path, text: str, *, force: bool) -> None:
    """Write the file. Without `force` it must be new."""
    try:
        if is_special(file):
            write_atomic(file, text)
        elif force:
            write_atomic(file, text, mode=None if file.exists() else PRIVATE)
        else:
            _create_file(file, text)
    except FileExistsError as error:
        raise FileNotWritten(
            f"{file} already exists.", fix="Name another file, or pass --force to replace it."
        ) from error
    except OSError as error:
        raise FileNotWritten(f"{file} cannot be written: {error.strerror}.") from error


def _create_file(file: Path, text: str) -> None:
    """Create a file exclusively: not even a link that leads nowhere may be there."""
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as out:
        try:
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        except BaseException:
            file.unlink(missing_ok=True)
            raise
