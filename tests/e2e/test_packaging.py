"""The wheel works where the checkout is not: built, installed into an empty environment, run."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"
PACKAGES = {
    "harness",
    "harness_activities",
    "harness_migrations",
    "harness_starter",
    "harness_workers",
    "harness_workflows",
}
SCRIPT = """
import asyncio
from harness import Agent, Harness, tool

@tool(effect="read", inline=True)
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b

async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(Agent("wheel", tools=[add]), "What is 20 + 22?")
        print((await run.result()).output)

asyncio.run(main())
"""


def _run(*command: str | Path, cwd: Path) -> str:
    # The copy in the wheel is not what coverage is measured of.
    env = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the sdist, as an installer that finds no wheel would."""
    out = tmp_path_factory.mktemp("dist")
    _run(UV, "build", "--no-build-isolation", "--python", sys.executable, "--out-dir", out, ROOT,
         cwd=out)  # fmt: skip
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == PACKAGES
    assert "harness/py.typed" in names
    assert any(name.startswith("harness_migrations/versions/") for name in names)


def test_an_agent_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    _run(UV, "venv", "--quiet", "--python", sys.executable, "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    lock = ROOT / "requirements" / "lock.txt"
    _run(UV, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", lock,
         cwd=tmp_path)  # fmt: skip
    _run(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", wheel, cwd=tmp_path)
    (tmp_path / "agent.py").write_text(SCRIPT)
    assert "20+22 = 42" in _run(python, "agent.py", cwd=tmp_path)
