"""Why a part of the stack did not start, according to its log.

The supervisor stays small (no pydantic), so a failure is a plain exception here; the command that
waits for it raises it as a StackError.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

MEGABYTE = 1_000_000
# A first start writes about 50 MB (Postgres 46, Temporal 4); the rest is room for a day's work.
FREE_SPACE_NEEDED = 200 * MEGABYTE


class Failure(Exception):
    """`category` and `fix` are those of a StackError; an empty fix means the category's default."""

    def __init__(self, category: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.category = category
        self.message = message
        self.fix = fix


def check_free_space(folder: Path) -> None:
    stats = os.statvfs(folder)
    free = stats.f_bavail * stats.f_frsize
    if free < FREE_SPACE_NEEDED:
        raise Failure(
            "disk_full",
            f"Only {free // MEGABYTE} MB are free on the disk of {folder}; "
            f"the local stack needs {FREE_SPACE_NEEDED // MEGABYTE} MB.",
        )


def from_oserror(error: OSError, doing: str) -> Failure:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure("disk_full", f"The disk is full: {doing} failed ({error}).")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Failure(
            "start_failed",
            f"No permission: {doing} failed ({error}).",
            "Give this user write access to that folder, or set state_dir to another one.",
        )
    return Failure("start_failed", f"{doing} failed ({error}).")


_SIGNS = (
    ("disk_full", ("No space left on device", "database or disk is full", "Disk quota exceeded")),
    (
        "data_broken",
        (
            "file is not a database",
            "database disk image is malformed",
            "is not a database cluster directory",
            "invalid checkpoint record",
            "could not locate a valid checkpoint record",
            "could not read from control file",
            "incorrect checksum in control file",
            "could not open control file",
            "could not find the database system",
            "is not a valid data directory",
            "could not access the status of transaction",
            "invalid page in block",
            "could not open file",
            "could not open directory",
            "database files are incompatible with server",
            "no such table",
            "sql schema version compatibility check failed",
        ),
    ),
    ("port_in_use", ("address already in use", "can't set port", "port already in use")),
)


def read_cause(title: str, log: str, *, data: Path, log_file: Path) -> Failure:
    """Find the likeliest cause in the log of a part that died."""
    lowered = log.lower()
    for category, signs in _SIGNS:
        for sign in signs:
            if sign.lower() in lowered:
                line = next(x for x in log.splitlines() if sign.lower() in x.lower())
                return _make_failure(category, title, line, data, log_file)
    lines = [line for line in log.splitlines() if line.strip()]
    reason = _shorten_line(lines[-1]) if lines else "it logged nothing"
    return Failure("start_failed", f"{title} did not start: {reason} (log: {log_file})")


def _make_failure(category: str, title: str, line: str, data: Path, log_file: Path) -> Failure:
    reason = _shorten_line(line)
    match category:
        case "disk_full":
            return Failure(category, f"The disk of {data} is full ({title}): {reason}")
        case "data_broken":
            return Failure(
                category,
                f"{title} cannot use its data in {data}: {reason} (log: {log_file})",
                f"Restore it from a backup, or start empty: mv {data} {data}.broken",
            )
        case _:
            return Failure(category, f"{title} cannot listen: {reason} (log: {log_file})")


def _shorten_line(line: str, limit: int = 300) -> str:
    line = " ".join(line.split())
    return line if len(line) <= limit else line[:limit] + "…"
