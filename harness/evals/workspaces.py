"""Copies of a folder for the runs of an evaluation, so that none sees what another one changed."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from harness.contracts.errors import EvalInvalid
from harness.tools.files.confine import STATE_FOLDER

COPIES = "eval-workspaces"
"""The folder beside the file of the evaluation that has the copies."""
MOST_PATHS = 20_000
MAX_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Copies:
    """Makes the copies of one evaluation's workspace."""

    source: Path
    folder: Path
    """Where they are: one folder for each evaluation, in it one for each run."""

    def make(self, eval: str, run: str) -> Path:
        """Make the copy for a run, unless it has one already: a run that goes on after a crash
        keeps what it has changed."""
        target = self.folder / eval / run
        if target.exists():
            return target
        check_source(self.source)
        partial = self.folder / eval / f".{run}.{secrets.token_hex(8)}"
        try:
            shutil.copytree(self.source, partial, symlinks=True, ignore=_ignore_state)
            if not target.exists():  # another attempt may have made it
                partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return target


def find_copies(folder: Path, name: str) -> Copies:
    """Find the folder that an evaluation names as its workspace: below that of its file."""
    try:
        source = (folder / name).resolve()
        found = source.is_relative_to(folder.resolve()) and source.is_dir()
    except (OSError, ValueError, RuntimeError) as error:
        raise EvalInvalid(f"The workspace {name[:200]!r} cannot be opened: {error}.") from None
    copies = folder.resolve() / COPIES
    if not found or source == folder.resolve() or STATE_FOLDER in source.parts:
        raise EvalInvalid(
            f"The workspace {name[:200]!r} is not a folder below {folder}.",
            fix="Name a folder that is beside the file of the evaluation.",
        )
    if source.is_relative_to(copies):
        raise EvalInvalid(f"The workspace {name[:200]!r} is where the copies are made.")
    check_source(source)
    return Copies(source, copies)


def check_source(source: Path) -> None:
    """Refuse a folder that is too large to be copied for each run, or has pipes or devices."""
    paths = size = 0
    for folder, folders, files in os.walk(source):
        folders[:] = [each for each in folders if each != STATE_FOLDER]
        paths += len(folders) + len(files)
        for name in files:
            found = os.lstat(os.path.join(folder, name))  # noqa: PTH118
            if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
                raise EvalInvalid(f"The workspace {source} has {name[:200]!r}, which is no file.")
            size += found.st_size
        if paths > MOST_PATHS or size > MAX_BYTES:
            raise EvalInvalid(
                f"The workspace {source} is too large: each run has a copy of it.",
                fix=f"Keep it below {MOST_PATHS:,} paths and {MAX_BYTES // 1_000_000:,} MB.",
            )


def _ignore_state(_: str, names: list[str]) -> list[str]:
    """Leave out harness's own folder: it has keys."""
    return [each for each in names if each == STATE_FOLDER]
