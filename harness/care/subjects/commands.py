"""Run a subject's commands: in its folder, without a shell, bounded in time and output."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from harness.commons.processes import name_process

MAX_OUTPUT = 64_000
"""Bytes that are kept: of the end, where the reason of a failure is."""
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME", "VIRTUAL_ENV")
"""Of the environment: no keys."""
PYTHON = "{python}"
PAUSE_S = 0.2
MARK = "HARNESS_COMMAND"
"""In the environment of a command and of what it starts: those that detached are found by it."""
AGENT_EMAIL = "care@harness"
"""Who commits what agents propose."""
# No hook, no pager, no editor and no file monitor of the repository's own runs, and
# no commit is shown in the place of another. A repository that was committed as plain files is
# none: what it configures would run.
GIT = (
    "git", "--no-replace-objects", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false",
    "-c", "core.pager=cat", "-c", "safe.bareRepository=explicit", "-c", "commit.gpgSign=false",
    "-c", "user.name=harness care", "-c", f"user.email={AGENT_EMAIL}",
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
    on_start: Callable[[str], Awaitable[None]] | None = None,
) -> Ran:
    """Run a command with everything that it starts, which ends with it. `may_leave`: what it
    starts stays, as of a deploy; if the command takes too long, that ends too. `on_start` is told
    how to find its process again: see `wait_for_process`."""
    argv = [sys.executable if word == PYTHON else word for word in words]
    env = {name: os.environ[name] for name in KEPT if name in os.environ} | dict(extra or {})
    env[MARK] = uuid.uuid4().hex
    async with _reading() as (output, pipe):
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, cwd=folder, env=env, start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            return Ran(None, f"{argv[0]} could not be started: {error}")
        finally:
            os.close(pipe)
        try:
            if on_start is not None:
                started = await asyncio.to_thread(name_process, process.pid)
                await on_start(f"{socket.gethostname()} {started or f'{process.pid} ended'}")
            async with asyncio.timeout(seconds):
                code = await process.wait()
                # What a command leaves behind may hold its output open.
                await asyncio.wait([output.ended], timeout=1)
                return Ran(code, output.decode())
        except TimeoutError:
            reason = f"(stopped: it took longer than {seconds:g} s)"
            return Ran(None, f"{output.decode()}\n{reason}".lstrip())
        finally:
            if process.returncode is None or not may_leave:
                await _end_all(process, env[MARK])


async def wait_for_process(name: str, seconds: float) -> None:
    """Wait until a command has ended that another worker had started on this machine before it
    died; kill it if it takes too long."""
    host, _, process = name.partition(" ")
    pid = int(process.split()[0])
    if host != socket.gethostname():
        return
    until = time.monotonic() + seconds
    while await asyncio.to_thread(name_process, pid) == process:
        if time.monotonic() >= until:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            return
        await asyncio.sleep(PAUSE_S)


class _Output(asyncio.Protocol):
    """Keeps the end of what is written."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self.ended = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self._kept += data
        del self._kept[:-MAX_OUTPUT]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        if not self.ended.done():
            self.ended.set_result(None)

    def decode(self) -> str:
        return self._kept.decode(errors="replace").strip()


@asynccontextmanager
async def _reading() -> AsyncGenerator[tuple[_Output, int]]:
    """A pipe that is read; yields what was read, and the end to write to. It is closed even if what
    a command has started holds it open."""
    end, start = os.pipe()
    connect = asyncio.get_running_loop().connect_read_pipe
    transport, output = await connect(_Output, os.fdopen(end, "rb", 0))
    try:
        yield output, start
    finally:
        transport.close()


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
