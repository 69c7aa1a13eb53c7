"""Run a script in a sandbox from Python: for your own tools and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.contracts.clean_text import clean_text
from harness.tools.sandbox.confined_run import SandboxLimits, run_confined


@dataclass(frozen=True, kw_only=True)
class SandboxResult:
    """What a script in the sandbox did.

    Attributes:
        code: Its exit code; 137 if a limit ended it.
        output: What it printed, on both channels; hidden characters are shown as their code point.
        limit: The limit that ended it: `seconds`, `memory`, `processes`, `host_memory`, or
            `killed` from outside. None if it ended itself.
    """

    code: int
    output: str
    limit: str | None = None


async def run_in_sandbox(
    script: str,
    folder: str | Path,
    *,
    python: bool = False,
    env: Mapping[str, str] | None = None,
    readable: Sequence[str | Path] = (),
    seconds: float = 60,
    memory_mb: int = 1024,
    processes: int = 128,
    file_mb: int = 128,
    disk_mb: int = 256,
) -> SandboxResult:
    """Run a script in the sandbox of `run_shell`, without a run or a model. The folder is not
    changed: what the script writes there is dropped.

    Args:
        script: For /bin/sh, or Python.
        folder: Where it works.
        python: Whether the script is Python.
        env: Variables beside PATH, HOME, LANG and TERM.
        readable: Other folders that it may read.
        seconds: How long it may take.
        memory_mb: Memory of all its processes together.
        processes: Most processes and threads at the same time.
        file_mb: Size of each file that it writes.
        disk_mb: What it may write in the folder, and again in /tmp.

    Returns:
        Its exit code and output.

    Raises:
        SandboxUnavailable: This host cannot hold a sandbox; nothing ran.
    """
    limits = SandboxLimits(
        seconds=seconds, memory_mb=memory_mb, processes=processes, file_mb=file_mb, disk_mb=disk_mb
    )
    seen = [Path(each) for each in readable]
    async with run_confined(
        script, Path(folder), limits, python=python, env=env, readable=seen
    ) as ran:
        return SandboxResult(code=ran.code, output=clean_text(ran.output), limit=ran.limit)
