"""The wheel works where the checkout is not: built, installed into an empty environment, run."""

import zipfile
from pathlib import Path

import pytest

from tests.fakes.installed import ROOT, build_wheel, install, make_environment, run_tool

PACKAGES = {
    "harness",
    "harness_activities",
    "harness_migrations",
    "harness_daemon",
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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("dist"))


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == PACKAGES
    assert "harness/py.typed" in names
    assert any(name.startswith("harness_migrations/versions/") for name in names)


@pytest.mark.slow
def test_an_agent_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    python = make_environment(tmp_path)
    install(python, wheel)
    (tmp_path / "agent.py").write_text(SCRIPT)
    assert "20+22 = 42" in run_tool(python, "agent.py", cwd=tmp_path)
