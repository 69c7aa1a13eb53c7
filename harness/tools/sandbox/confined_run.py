"""Run a command in a sandbox over a workspace, and return what it said and what it changed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.contracts.errors import ToolFailed
from harness.tools.sandbox.availability import find_bubblewrap, refused_error
from harness.tools.sandbox.places import (
    HOME,
    SHM,
    check_workspace,
    find_interpreter,
    make_argv,
    write_etc,
)
from harness.tools.sandbox.scratch import make_scratch
from harness.tools.shell.shell_process import Limits, run_command

OUTER = Path(__file__).with_name("_outer.py")
START_S = 20.0
"""Making the sandbox and reading the changes, on a busy machine."""
MEGA = 1024 * 1024
MAX_CONTENT = 64 * MEGA
"""Most bytes of changed files."""
MAX_ENTRIES = 5_000
MAX_DEPTH = 60
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {
    "HOME": HOME, "LANG": "C.UTF-8", "TERM": "dumb", "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SandboxLimits:
    seconds: float
    memory_mb: int
    processes: int
    file_mb: int
    disk_mb: int

    def as_numbers(self) -> dict[str, int]:
        return {
            "CPU": int(self.seconds) + 1, "AS": self.memory_mb * MEGA, "CORE": 0, "MSGQUEUE": 0,
            "FSIZE": self.file_mb * MEGA, "NOFILE": 256, "NPROC": self.processes, "MEMLOCK": 0,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Finished:
    code: int
    limit: str | None
    """The limit that ended it."""
    output: str
    over: str | None
    """Why its changes cannot be taken over."""
    entries: tuple[dict[str, Any], ...]
    """What it left in the workspace, as the outer process lists it."""
    content: Path
    started_ns: int


@asynccontextmanager
async def run_confined(
    script: str,
    workspace: Path,
    limits: SandboxLimits,
    *,
    python: bool = False,
    env: Mapping[str, str] | None = None,
    readable: Sequence[Path] = (),
) -> AsyncGenerator[Finished]:
    """Run a script of /bin/sh or Python. Raises SandboxUnavailable if the host lacks something;
    nothing runs then.

    Args:
        script: The script; it gets no input.
        workspace: The folder that it works in. It is not changed: the changes are in the result.
        limits: What it may use.
        python: Whether it is Python.
        env: Variables beside the usual ones.
        readable: Folders of the host that it may read, beside the system.
    """
    if "\0" in script:
        raise ToolFailed("The script contains a NUL character. Remove it.")
    bubblewrap = find_bubblewrap()
    workspace = await asyncio.to_thread(workspace.resolve)
    check_workspace(workspace)
    async with make_scratch() as scratch:
        argv = await asyncio.to_thread(
            _prepare_folder, scratch, bubblewrap, workspace, readable, limits
        )
        shell = ["/bin/sh", "/dev/fd/3"]
        inner = {
            "script": script, "stdin": python, "folder": str(workspace),
            "argv": [str(find_interpreter()), "-"] if python else shell,
            "env": {"PATH": f"{find_interpreter().parent}:{PATH}", **ENVIRONMENT, **(env or {})},
            "limits": limits.as_numbers(),
            "seconds": limits.seconds, "memory": limits.memory_mb * MEGA,
            "processes": limits.processes,
            "writable": [str(workspace), HOME, SHM],
        }  # fmt: skip
        asked = {
            "argv": argv, "inner": inner, "workspace": str(workspace), "disk_mb": limits.disk_mb,
            "entries": MAX_ENTRIES, "content": MAX_CONTENT, "depth": MAX_DEPTH,
        }  # fmt: skip
        (scratch / "request.json").write_text(json.dumps(asked))
        yield await _run_outer(scratch, limits)


def _prepare_folder(
    scratch: Path,
    bubblewrap: Path,
    workspace: Path,
    readable: Sequence[Path],
    limits: SandboxLimits,
) -> list[str]:
    (scratch / "stage").mkdir()
    write_etc(scratch)
    seen = [path.resolve() for path in readable]
    return make_argv(bubblewrap, workspace, scratch, seen, limits.disk_mb)


async def _run_outer(scratch: Path, limits: SandboxLimits) -> Finished:
    import shlex

    # The outer process writes up to MAX_CONTENT, and its limits are also the most of the inner.
    around = Limits(
        seconds=limits.seconds + START_S,
        memory_mb=max(1024, limits.memory_mb),
        file_mb=max(2 * MAX_CONTENT // MEGA, limits.file_mb),
    )
    started = time.time_ns()
    command = f"exec {shlex.join([str(find_interpreter()), '-I', '-S', str(OUTER)])}"
    ran = await run_command(command, scratch, {}, around)
    try:
        report: dict[str, Any] = json.loads((scratch / "report.json").read_text())
    except (OSError, ValueError):
        # Its time is up, or something killed it from outside.
        report = {"code": 137, "limit": "seconds" if ran.code is None else "killed"}
    if "step" in report:
        raise refused_error(report["step"], report["reason"], ran.output)
    return Finished(
        code=report["code"], limit=report.get("limit"), output=ran.output, over=report.get("over"),
        entries=tuple(report.get("entries", ())), content=scratch / "content", started_ns=started,
    )  # fmt: skip
