"""The folder of the demo: a project of its own, with the rate limiter in a repository."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from harness.care.demo.log_store import write_config
from harness.contracts.errors import DemoRefused

SOURCE = Path(__file__).parent / "ratelimiter"
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
LOG_SETTINGS = """
[care.logs]
url = "http://127.0.0.1:{loki}"
"""
LOG_FOLDER = ".loki"
LOG_SELECTOR = """logs = '{service="ratelimiter"}'"""
LOG_INVARIANT = """
[[invariant]]
name = "log-volume"
source = "logs"
query = 'sum(rate({service="ratelimiter"}[20s]))'
operator = "<"
threshold = 200
no_data = "holds"
for_seconds = 4
window_seconds = 30
summary = "Fewer than 200 lines of logs a second."
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
    loki: int | None = None
    """None: it was made without logs."""

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
        ports = [int(word) for word in (folder / MARK).read_text().split()]
        return DemoProject(folder, *ports)
    except (OSError, ValueError, TypeError):
        raise DemoRefused(
            f"{folder} has no demo.", fix="Start one: harness care demo. Run this in its folder."
        ) from None


def make_demo(folder: Path, model: str, *, logs: bool) -> DemoProject:
    """Make the demo's folder, with a place for logs or without, or find it again.

    Raises:
        DemoRefused: The folder contains something else, or git is missing.
    """
    if (folder / MARK).exists():
        return open_demo(folder)
    if folder.exists() and any(folder.iterdir()):
        raise DemoRefused(f"{folder} is not empty.", fix="Name another folder.")
    if shutil.which("git") is None:
        raise DemoRefused("git is missing.", fix="Install it: apt-get install git")
    service, prometheus, loki, grpc = find_ports(4)
    demo = DemoProject(folder, service, prometheus, loki if logs else None)
    shutil.copytree(SOURCE, demo.subject, ignore=shutil.ignore_patterns("__pycache__"))
    (demo.subject / "gitignore").rename(demo.subject / ".gitignore")
    definition = demo.subject / "subject.toml"
    text = definition.read_text().replace("@PORT@", str(demo.service))
    text = text.replace("# @LOGS@", LOG_SELECTOR if logs else "# no logs")
    definition.write_text(text + (LOG_INVARIANT if logs else ""))
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "Begin")):
        subprocess.run([*GIT, *words], cwd=demo.subject, check=True, capture_output=True)
    (demo.subject / ".run").mkdir()
    (demo.subject / ".run" / "port").write_text(str(demo.service))
    ports = {"service": service, "prometheus": prometheus, "loki": loki}
    settings = SETTINGS + (LOG_SETTINGS if logs else "")
    (folder / "harness.toml").write_text(settings.format(model=model, **ports))
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(**ports))
    (folder / "care_agent.py").write_text(AGENT)
    if logs:
        (folder / "loki.yml").write_text(write_config(loki, grpc, LOG_FOLDER))
    (folder / MARK).write_text(f"{service} {prometheus}{f' {loki}' if logs else ''}\n")
    return demo


def run_deploy(demo: DemoProject, *words: str) -> None:
    """Run the rate limiter's deploy script as a person would."""
    subprocess.run(
        [sys.executable, "deploy.py", *words], cwd=demo.subject, check=True, capture_output=True
    )


def find_ports(count: int) -> list[int]:
    """Ports that nobody uses now, each another."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
