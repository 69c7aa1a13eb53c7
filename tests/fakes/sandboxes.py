"""Sandboxes over a folder, for the tests of what they hold."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.contracts.errors import SandboxUnavailable
from harness.tools import sandbox_tools
from harness.tools.sandbox.availability import find_bubblewrap
from harness.tools.sandbox.confined_run import Finished, SandboxLimits, run_confined
from tests.fakes.tool_calls import Caller, calling


def find_lack() -> str:
    """Say what this host lacks for a sandbox; empty if nothing."""
    try:
        bubblewrap = find_bubblewrap()
    except SandboxUnavailable as missing:
        return missing.message
    command = [str(bubblewrap), "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no sandbox here: {done.stderr.strip()}"


LACK = find_lack()
needs_sandbox = pytest.mark.skipif(bool(LACK), reason=LACK)
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="sandboxes need Linux")


@dataclass
class Sandbox:
    root: Path

    async def run(self, script: str, *, python: bool = False, **limits: Any) -> Finished:
        """Run it and return what came of it; its changes are gone."""
        usual = {"seconds": 20, "memory_mb": 512, "processes": 64, "file_mb": 16, "disk_mb": 64}
        most = SandboxLimits(**{**usual, **limits})
        async with run_confined(script, self.root, most, python=python) as ran:
            return ran

    async def output(self, script: str, *, python: bool = False, **limits: Any) -> str:
        ran = await self.run(script, python=python, **limits)
        assert ran.limit is None, ran
        return ran.output.strip()


@asynccontextmanager
async def sandboxed(root: Path, **options: Any) -> AsyncGenerator[Caller]:
    """The two tools over a folder, called as a worker calls them."""
    async with calling(*sandbox_tools(**options), root=root) as caller:
        yield caller


def processes_with(mark: str) -> list[int]:
    """The processes of this host that have a word in their arguments."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in arguments and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found
