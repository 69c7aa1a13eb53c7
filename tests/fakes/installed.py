"""Environments that harness is installed into, as a user has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"


def run_tool(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed; its output."""
    # The copy in the wheel is not what coverage is measured of.
    env = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build_wheel(source: Path, out: Path) -> Path:
    """The wheel of a project, built from its sdist as an installer that finds no wheel would."""
    out.mkdir(parents=True, exist_ok=True)
    run_tool(UV, "build", "--no-build-isolation", "--python", sys.executable, "--out-dir", out,
             source, cwd=out)  # fmt: skip
    (built,) = out.glob("*.whl")
    return built


def make_environment(folder: Path) -> Path:
    """The Python of an empty environment that has the pinned dependencies."""
    run_tool(UV, "venv", "--quiet", "--python", sys.executable, "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    lock = ROOT / "requirements" / "lock.txt"
    run_tool(UV, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", lock,
             cwd=folder)  # fmt: skip
    return python


def install(python: Path, *packages: Path) -> None:
    """Install wheels or projects, and nothing that they depend on."""
    for package in packages:
        wheel = package
        if package.is_dir():
            wheel = build_wheel(package, python.parents[2] / f"dist-{package.name}")
        run_tool(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", wheel,
                 cwd=python.parent)  # fmt: skip
