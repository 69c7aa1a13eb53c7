"""Write to a file that the command line names."""

from __future__ import annotations

from pathlib import Path

from harness.commons.files import write_atomic
from harness.contracts.errors import InvalidValue


def write_named(file: Path, text: str, *, fix: str = "Name another.") -> None:
    try:
        write_atomic(file, text)
    except OSError as error:
        raise InvalidValue(f"{file} cannot be written: {error.strerror}", fix=fix) from error
