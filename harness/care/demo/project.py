"""The folder of the demo: a project of its own, with each subject in a repository."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from harness.contracts.errors import DemoRefused

HERE = Path(__file__).parent
SUBJECTS = ("ratelimiter", "queue-worker")
MARK = ".care-demo"
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
  - job_name: queue-worker
    static_configs: [{{targets: ["127.0.0.1:{worker}", "127.0.0.1:{other_worker}"]}}]
  # Services of your own: [{{"targets": ["127.0.0.1:8005"], "labels": {{"job": "greeter"}}}}]
  - job_name: others
    file_sd_configs: [{{files: ["targets/*.json"], refresh_interval: 5s}}]
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
    worker: int
    other_worker: int

    @property
    def url(self) -> str:
        """Of the rate limiter."""
        return f"http://127.0.0.1:{self.service}"

    def find_subject(self, name: str) -> Path:
        """The folder of a subject."""
        return self.folder / name


def open_demo(folder: Path) -> DemoProject:
    """Find the demo in a folder.

    Raises:
        DemoRefused: There is none.
    """
    try:
        ports = [int(port) for port in (folder / MARK).read_text().split()]
        return DemoProject(folder, *ports)
    except (OSError, ValueError, TypeError):
        raise DemoRefused(
            f"{folder} has no demo.", fix="Start one: harness care demo. Run this in its folder."
        ) from None


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
    demo = DemoProject(folder, *_find_ports(4))
    ports = {key: value for key, value in vars(demo).items() if key != "folder"}
    for name in SUBJECTS:
        _make_subject(demo, name)
    workers = f"{demo.worker} {demo.other_worker}"
    (demo.find_subject("ratelimiter") / ".run" / "port").write_text(str(demo.service))
    (demo.find_subject("queue-worker") / ".run" / "ports").write_text(workers)
    (folder / "harness.toml").write_text(SETTINGS.format(model=model, **ports))
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(**ports))
    (folder / "targets").mkdir()
    (folder / "care_agent.py").write_text(AGENT)
    (folder / MARK).write_text(" ".join(map(str, ports.values())) + "\n")
    return demo


def _make_subject(demo: DemoProject, name: str) -> None:
    """Copy a subject into a repository of its own."""
    folder = demo.find_subject(name)
    source = HERE / name.replace("-", "_")
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "gitignore").rename(folder / ".gitignore")
    definition = folder / "subject.toml"
    definition.write_text(definition.read_text().replace("@PORT@", str(demo.service)))
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "Begin")):
        subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True)
    (folder / ".run").mkdir()


def run_deploy(demo: DemoProject, name: str, *words: str) -> None:
    """Run a subject's deploy script as a person would."""
    argv = [sys.executable, "deploy.py", *words]
    subprocess.run(argv, cwd=demo.find_subject(name), check=True, capture_output=True)


def _find_ports(count: int) -> list[int]:
    """Ports that are free now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
