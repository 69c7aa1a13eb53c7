"""The processes of a demo, noted in its folder: those of a demo that was killed are ended before it
starts again."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil

from harness.commons.processes import name_process
from harness.contracts.errors import DemoRefused

FILE = ".processes"
WAIT_S = 10.0


def begin(folder: Path) -> None:
    """End what a demo has left that was killed, and note this process.

    Raises:
        DemoRefused: The demo runs.
    """
    noted = [line for line in _read(folder) if _find(line) is not None]
    if noted and noted[0] == _read(folder)[0]:
        raise DemoRefused(
            f"The demo in {folder} runs already, in process {noted[0].split()[0]}.",
            fix="Stop it first, or name another folder.",
        )
    for line in noted:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(int(line.split()[0]), signal.SIGTERM)
    left = [each for each in map(_find, noted) if each is not None]
    for each in psutil.wait_procs(left, timeout=WAIT_S)[1]:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(each.pid, signal.SIGKILL)
    (folder / FILE).write_text(f"{name_process(os.getpid())}\n")


def note(folder: Path, pid: int) -> None:
    """Note a process of the demo, the leader of its group."""
    if (name := name_process(pid)) is not None:
        with (folder / FILE).open("a") as file:
            file.write(f"{name}\n")


def _read(folder: Path) -> list[str]:
    try:
        return (folder / FILE).read_text().splitlines()
    except OSError:
        return []


def _find(line: str) -> psutil.Process | None:
    """The process of a line, if it still runs."""
    pid = line.partition(" ")[0]
    if not pid.isdecimal() or name_process(int(pid)) != line:
        return None
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(int(pid))
    return None
