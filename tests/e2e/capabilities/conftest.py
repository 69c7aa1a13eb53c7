"""An environment with the sample package, and with packages that are broken in every way."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import broken_parts
from tests.fakes.cli_environment import Run, running_worker, site_packages
from tests.fakes.installed import ROOT, build_wheel, install, make_environment

SAMPLE = ROOT / "tests" / "sample_package"
SETTINGS = """
[notes]
prefix = "Note: "

[note_count]
every_minutes = 600

[removed]
key = 5

[providers.polly]
kind = "parrot"
"""
AGENT = """
from harness import Agent
from harness_notes.tools import count_words

agent = Agent("counter", model="polly/loud", tools=[count_words])
"""
PLAIN = 'from harness import Agent\nagent = Agent("plain")\n'
BROKEN = """[harness.capabilities]
stack = x:y
needy = needy:NEEDY
"""
NEEDY = """
from harness.extensions import Capability
NEEDY = Capability(name="needy", summary="Need something.", requires=("nothere",))
"""


@pytest.fixture(scope="package")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment")
    wheel = build_wheel(ROOT, folder / "dist")
    python = make_environment(folder)
    install(python, wheel, SAMPLE)
    site = site_packages(python.parent)
    info = site / "broken-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(BROKEN)
    (site / "needy.py").write_text(NEEDY)
    broken_parts.install(site)
    return python.parent


@pytest.fixture
def broken(environment: Path) -> Iterator[None]:
    """A package whose record does not load. Workers do not start beside it."""
    info = site_packages(environment) / "unloadable-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(
        "[harness.capabilities]\nbroken = nowhere.capability:BROKEN\n"
    )
    yield
    shutil.rmtree(info)


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "harness.toml").write_text(SETTINGS)
    (folder / "agent.py").write_text(AGENT)
    (folder / "assistant.py").write_text(PLAIN)
    return folder


@pytest.fixture(scope="package")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "HARNESS", "PYTHON"))}
    return {**kept, "XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("config"))}


@pytest.fixture(scope="package")
def run(environment: Path, project: Path, env: dict[str, str]) -> Iterator[Run]:
    def call(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [environment / "harness", *words], cwd=project, env=env, capture_output=True, text=True
        )
        assert done.returncode == code, f"{words}:\n{done.stdout}\n{done.stderr}"
        return done

    call("trust", "--yes")
    yield call
    call("down")


@pytest.fixture(scope="package")
def _worker(environment: Path, project: Path, env: dict[str, str], run: Run) -> Iterator[None]:
    with running_worker(environment, project, env):
        yield
