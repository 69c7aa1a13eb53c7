"""One process that is kept running: started, watched, and restarted when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from harness.stack import guard
from harness.stack.failures import Failure, from_oserror, read_cause

QUICK_DEATH_SECONDS = 10.0
MOST_QUICK_DEATHS = 5
STOP_SECONDS = 15.0
LOG_LIMIT = 10_000_000

State = Literal["stopped", "starting", "running", "restarting", "failed"]


@dataclass(frozen=True, kw_only=True)
class Command:
    argv: tuple[str, ...]
    env: Mapping[str, str]
    user: int | None = None
    """Run as this user id (requires root)."""
    handed: tuple[int, ...] = ()
    """Open files that the program inherits; closed here once it runs."""


class Kind(Protocol):
    """What a part needs to know about its program."""

    title: str
    data: Path
    log: Path
    pid_file: Path | None
    """Written by the part; None when the program writes one itself."""
    stop_signal: signal.Signals
    orphan_signal: signal.Signals
    lost_signal: signal.Signals
    """Used when the data was deleted."""
    start_seconds: float

    async def prepare(self) -> None: ...
    def command(self) -> Command: ...
    async def is_ready(self) -> bool: ...
    async def settle(self) -> None: ...
    def can_move(self, failure: Failure) -> bool: ...


@dataclass
class Part:
    kind: Kind
    tell: Callable[[str], None]
    """Progress, for those who wait and for the log."""
    state: State = "stopped"
    failure: Failure | None = None
    pid: int | None = None
    _task: asyncio.Task[None] | None = None
    _process: asyncio.subprocess.Process | None = None
    _guard: asyncio.subprocess.Process | None = None
    _settled: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _renewing: bool = False

    async def ensure_running(self) -> Failure | None:
        """Wait until the program runs, or return why it does not."""
        if self._task is None or self.state == "failed":
            self._settled.clear()
            self.state = "starting"
            self._task = asyncio.create_task(self._keep_running())
        await self._settled.wait()
        return self.failure

    async def restart_program(self) -> Failure | None:
        """Restart the program with the present `command`; data and address stay the same."""
        failure = await self.ensure_running()
        if failure is not None:
            return failure
        self._renewing = True
        self._settled.clear()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                # Like an orphan: nothing is lost, and it is back three times as fast.
                self._process.send_signal(self.kind.orphan_signal)
        return await self.ensure_running()

    async def stop(self, *, lost: bool = False) -> None:
        """Stop the program. `lost`: its data was deleted, so there is nothing left to write."""
        self._stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.kind.lost_signal if lost else self.kind.stop_signal)
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                self.tell(f"{self.kind.title} did not stop and is killed")
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._kill_processes()
        self.state = "stopped"

    async def _keep_running(self) -> None:
        deaths, has_run = 0, False
        while not self._stopping:
            began = time.monotonic()
            try:
                await self._start_program()
                has_run = True
                self._settle_state("running", None)
                failure = await self._wait_for_death()
            except Failure as error:
                failure = error
            except OSError as error:
                failure = from_oserror(error, f"starting {self.kind.title}")
            except Exception as error:  # reported to whoever waits
                failure = Failure("start_failed", f"Starting {self.kind.title}: {error!r}")
            await self._kill_processes()
            if self._stopping:
                return
            if self._renewing:
                self._renewing, self.state = False, "restarting"
                continue
            deaths = deaths + 1 if time.monotonic() - began < QUICK_DEATH_SECONDS else 1
            may_go_on = has_run or self.kind.can_move(failure)
            if deaths > MOST_QUICK_DEATHS or not may_go_on:
                self.tell(f"{self.kind.title} is not restarted any more: {failure}")
                self._settle_state("failed", failure)
                return
            self.tell(f"{failure} Restarting it.")
            self.state = "restarting"
            self._settled.clear()
            await asyncio.sleep(min(0.05 * 2**deaths, 5.0))

    def _settle_state(self, state: State, failure: Failure | None) -> None:
        self.state, self.failure = state, failure
        self._settled.set()

    async def _start_program(self) -> None:
        kind = self.kind
        await kind.prepare()
        command = kind.command()
        rotate_log(kind.log)
        offset = kind.log.stat().st_size if kind.log.exists() else 0
        try:
            with kind.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *command.argv,
                    env=dict(command.env),
                    user=command.user,
                    pass_fds=command.handed,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=guard.die_with_me(kind.orphan_signal),
                )
        finally:
            close_all(command.handed)
        self.pid = self._process.pid
        if sys.platform != "linux":
            self._guard = await guard.start_guard(self.pid, kind.orphan_signal)
        if kind.pid_file is not None:
            kind.pid_file.write_text(str(self.pid))
        await self._until_ready(self._process, offset)
        await kind.settle()

    async def _until_ready(self, process: asyncio.subprocess.Process, offset: int) -> None:
        kind = self.kind
        deadline = time.monotonic() + kind.start_seconds
        while not await kind.is_ready():
            if process.returncode is not None:
                output = kind.log.read_bytes()[offset:].decode(errors="replace")
                raise read_cause(kind.title, output, data=kind.data, log_file=kind.log)
            if time.monotonic() > deadline:
                raise Failure(
                    "start_failed",
                    f"{kind.title} is not ready after {kind.start_seconds:.0f} s (log: {kind.log})",
                )
            await asyncio.sleep(0.01)

    async def _wait_for_death(self) -> Failure:
        assert self._process is not None
        code = await self._process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
        return Failure(
            "start_failed", f"{self.kind.title} ended unexpectedly ({how}; log: {self.kind.log})."
        )

    async def _kill_processes(self) -> None:
        for process in (self._process, self._guard):
            if process is not None and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        self._process = self._guard = self.pid = None
        if self.kind.pid_file is not None:
            self.kind.pid_file.unlink(missing_ok=True)


def rotate_log(log: Path) -> None:
    """Rotate a log that is too large; keeps one older log."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))


def clean_environment() -> dict[str, str]:
    """Return the environment for other programs: no keys, and no configuration of theirs."""
    kept = (
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "GOGC", "GOMAXPROCS",
        "GOMEMLIMIT",
    )  # fmt: skip
    return {name: os.environ[name] for name in kept if name in os.environ}


def close_all(handed: tuple[int, ...]) -> None:
    for descriptor in handed:
        with contextlib.suppress(OSError):
            os.close(descriptor)
