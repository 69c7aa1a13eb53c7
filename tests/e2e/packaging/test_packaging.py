"""The wheel works where the checkout is not: built, installed into an empty environment, run."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.fakes.installed import ROOT, UV, build_wheel, install, make_environment, run_tool

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


def test_the_page_is_in_both_archives(wheel: Path) -> None:
    """The wheel was built from the sdist, without Node."""
    inside = "harness_daemon/page/files/"
    names = zipfile.ZipFile(wheel).namelist()
    page = {name.removeprefix(inside) for name in names if name.startswith(inside)}
    assert "index.html" in page
    assert any(name.startswith("assets/") and name.endswith(".js.gz") for name in page)
    assert not [name for name in names if "node_modules" in name or name.startswith("web/")]
    (sdist,) = wheel.parent.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"web/dist/{name}" for name in page} <= files
    assert {"web/package-lock.json", "web/.npmrc", "web/build.py", "hatch_build.py"} <= files
    assert not [name for name in files if "node_modules" in name]


def test_no_wheel_without_the_page(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE-MIT", "LICENSE-APACHE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("harness/version.py", "web/build.py", "web/index.html", "web/package.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    command = [UV, "build", "--no-build-isolation", "--python", sys.executable]
    for archive in ("--wheel", "--sdist"):
        refused = subprocess.run(
            [*command, archive], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert refused.returncode != 0
        assert "The built web page is missing from web/dist" in refused.stderr
        assert "run `make setup`" in refused.stderr
        assert "Traceback" not in refused.stderr
    editable = "from hatchling.build import build_editable; print(build_editable('out'))"
    assert run_tool(sys.executable, "-c", editable, cwd=tmp_path).endswith(".whl\n")


@pytest.mark.slow
def test_an_agent_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    python = make_environment(tmp_path)
    install(python, wheel)
    (tmp_path / "agent.py").write_text(SCRIPT)
    assert "20+22 = 42" in run_tool(python, "agent.py", cwd=tmp_path)
    page = "from harness_daemon.page.built import find_folder; print(find_folder())"
    assert "site-packages/harness_daemon/page/files" in run_tool(python, "-c", page, cwd=tmp_path)
