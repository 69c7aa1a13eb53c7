"""Write to a file named on the command line."""

from __future__ import annotations

from pathlib import Path

from harness.cli.parser import UsageError
from harness.commons.files import write_atomic
from harness.contracts.errors import FileNotWritten


def check_new(file: Path, *, force: bool) -> None:
    """Refuse to replace a file, before its content is computed. Devices and pipes are allowed."""
    if file.is_file() and not force:
        raise UsageError(
            f"{file} already exists.", "Name another file, or pass --force to replace it."
        )


def write_named(file: Path, text: str) -> None:
    try:
        write_atomic(file, text)
    except OSError as error:
        raise FileNotWritten(f"{file} cannot be written: {error.strerror}.") from error
