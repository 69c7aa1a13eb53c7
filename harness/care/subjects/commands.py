"""Run a subject's commands: in its folder, without a shell, bounded in time and output."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MAX_OUTPUT = 64_000
"""Bytes that are kept: of the end, where the reason of a failure is."""
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME", "VIRTUAL_ENV")
"""Of the environment: no keys."""
PYTHON = "{python}"
MARK = "HARNESS_COMMAND"
"""In the environment of a command and of what it starts: those that detached are found by it."""
# No hook, no pager, no editor and no file monitor of the repository's own runs.
GIT = (
    "git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.pager=cat",
    "-c", "commit.gpgSign=false", "-c", "user.name=harness care", "-c", "user.email=care@harness",
)  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """How a command ended. `code` is None if it took too long, or could not be started."""

    code: int | None
    output: str

    @property
    def is_good(self) -> bool:
        return self.code == 0


async def run_command(
    words: Sequence[str],
    folder: Path,
    seconds: float,
    extra: Mapping[str, str] | None = None,
    *,
    may_leave: bool = False,
) -> Ran:
    """Run a command with everything that it starts, which ends with it. `may_leave`: what it
    starts stays, as of a deploy; if the command takes too long, that ends too."""
    argv = [sys.executable if word == PYTHON else word for word in words]
    env = {name: os.environ[name] for name in KEPT if name in os.environ} | dict(extra or {})
    env[MARK] = uuid.uuid4().hex
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=folder, env=env, start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        return Ran(None, f"{argv[0]} could not be started: {error}")
    output = bytearray()
    reading = asyncio.ensure_future(_read_end(process, output))
    try:
        async with asyncio.timeout(seconds):
            code = await process.wait()
            # What a command leaves behind may hold its output open.
            await asyncio.wait([reading], timeout=1)
            return Ran(code, _decode(output))
    except TimeoutError:
        reason = f"(stopped: it took longer than {seconds:g} s)"
        return Ran(None, f"{_decode(output)}\n{reason}".lstrip())
    finally:
        reading.cancel()
        if process.returncode is None or not may_leave:
            await _end_all(process, env[MARK])


async def _end_all(process: asyncio.subprocess.Process, mark: str) -> None:
    """Kill a command with all that it has started, detached or not."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    await asyncio.to_thread(_kill_marked, mark)


def _kill_marked(mark: str) -> None:
    import psutil

    for each in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if each.environ().get(MARK) == mark:
                each.kill()


async def _read_end(process: asyncio.subprocess.Process, output: bytearray) -> None:
    assert process.stdout is not None
    while block := await process.stdout.read(65_536):
        output += block
        del output[:-MAX_OUTPUT]


def _decode(output: bytearray) -> str:
    return output.decode(errors="replace").strip()
