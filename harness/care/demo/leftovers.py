"""The processes of a demo, noted in its folder: those of a demo that was killed are ended before it
starts again."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil

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
    (folder / FILE).write_text(_describe(os.getpid()) + "\n")


def note(folder: Path, pid: int) -> None:
    """Note a process of the demo, the leader of its group."""
    with (folder / FILE).open("a") as file, suppress(psutil.NoSuchProcess):
        file.write(_describe(pid) + "\n")


def _read(folder: Path) -> list[str]:
    try:
        return (folder / FILE).read_text().splitlines()
    except OSError:
        return []


def _describe(pid: int) -> str:
    """Pids are used again: the start tells processes apart."""
    return f"{pid} {psutil.Process(pid).create_time():.2f}"


def _find(line: str) -> psutil.Process | None:
    """The process of a line, if it still runs."""
    try:
        pid = int(line.split()[0])
        process = psutil.Process(pid)
        is_gone = process.status() == psutil.STATUS_ZOMBIE
        return None if is_gone or _describe(pid) != line else process
    except (ValueError, IndexError, psutil.Error):
        return None
