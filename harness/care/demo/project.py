"""The folder of the demo: a project of its own, with the rate limiter in a repository."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.contracts.errors import DemoRefused

SOURCE = Path(__file__).parent / "ratelimiter"
MARK = ".care-demo"
PORTS = ("service", "prometheus")
GIT = ("git", "-c", "user.name=harness care", "-c", "user.email=care@harness",
       "-c", "commit.gpgSign=false", "-c", "init.defaultBranch=main")  # fmt: skip
SETTINGS = """\
# Written by `harness care demo`.
model = "{model}"

[care]
evaluate_seconds = 2

[care.metrics]
url = "http://127.0.0.1:{prometheus}"

[providers.care]
kind = "care" # a model of rules, offline
"""
PROMETHEUS = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
scrape_configs:
  - job_name: ratelimiter
    static_configs: [{{targets: ["127.0.0.1:{service}"]}}]
"""
AGENT = '''\
"""The agent that works on tickets."""

from harness.care.repair.agent import make_care_agent

agent = make_care_agent()
'''


@dataclass(frozen=True)
class DemoProject:
    """A demo's folder, and the ports that it uses."""

    folder: Path
    service: int
    prometheus: int

    @property
    def subject(self) -> Path:
        return self.folder / "ratelimiter"

    @property
    def url(self) -> str:
        """Of the rate limiter."""
        return f"http://127.0.0.1:{self.service}"


def open_demo(folder: Path) -> DemoProject:
    """Find the demo in a folder.

    Raises:
        DemoRefused: There is none.
    """
    try:
        service, prometheus = map(int, (folder / MARK).read_text().split())
    except (OSError, ValueError):
        raise DemoRefused(
            f"{folder} has no demo.", fix="Start one: harness care demo. Run this in its folder."
        ) from None
    return DemoProject(folder, service, prometheus)


def make_demo(folder: Path, model: str) -> DemoProject:
    """Make the demo's folder, or find it again.

    Raises:
        DemoRefused: The folder contains something else, or git is missing.
    """
    if (folder / MARK).exists():
        return open_demo(folder)
    if folder.exists() and any(folder.iterdir()):
        raise DemoRefused(f"{folder} is not empty.", fix="Name another folder.")
    if shutil.which("git") is None:
        raise DemoRefused("git is missing.", fix="Install it: apt-get install git")
    demo = DemoProject(folder, *_find_ports())
    shutil.copytree(SOURCE, demo.subject, ignore=shutil.ignore_patterns("__pycache__"))
    (demo.subject / "gitignore").rename(demo.subject / ".gitignore")
    definition = demo.subject / "subject.toml"
    definition.write_text(definition.read_text().replace("@PORT@", str(demo.service)))
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "Begin")):
        subprocess.run([*GIT, *words], cwd=demo.subject, check=True, capture_output=True)
    (demo.subject / ".run").mkdir()
    (demo.subject / ".run" / "port").write_text(str(demo.service))
    ports = {"service": demo.service, "prometheus": demo.prometheus}
    (folder / "harness.toml").write_text(SETTINGS.format(model=model, **ports))
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(**ports))
    (folder / "care_agent.py").write_text(AGENT)
    (folder / MARK).write_text(f"{demo.service} {demo.prometheus}\n")
    return demo


def run_deploy(demo: DemoProject, *words: str) -> None:
    """Run the rate limiter's deploy script as a person would."""
    subprocess.run(
        [sys.executable, "deploy.py", *words], cwd=demo.subject, check=True, capture_output=True
    )


def _find_ports() -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return [one.getsockname()[1], other.getsockname()[1]]
