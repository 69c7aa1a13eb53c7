"""The folder of the demo: a project of its own, with each subject in a repository."""

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

[prices."care/rules"]
input = 0
output = 0
"""
LOG_SETTINGS = """
[care.logs]
url = "http://127.0.0.1:{loki}"
"""
LOG_FOLDER = ".loki"
LOG_LINES = """\
query = 'sum(rate(ratelimiter_log_lines_total[10s]))'"""
"""Without logs, the service's own count."""
LOG_LINES_IN_LOGS = """\
source = "logs"
query = 'sum(rate({service="ratelimiter"}[10s]))'
no_data = "holds\""""
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
    loki: int | None = None
    """None: it was made without logs."""

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
    except TypeError:
        raise DemoRefused(
            f"The demo in {folder} was made by another version of harness.",
            fix="Start one in another folder.",
        ) from None
    except (OSError, ValueError):
        raise DemoRefused(
            f"{folder} is not the folder of a care demo.",
            fix="Start one with `harness care demo`, and run this in its folder.",
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
    *ports, grpc = find_ports(6)
    demo = DemoProject(folder, *(ports if logs else ports[:-1]))
    for name in SUBJECTS:
        _make_subject(demo, name)
    workers = f"{demo.worker} {demo.other_worker}"
    (demo.find_subject("ratelimiter") / ".run" / "port").write_text(str(demo.service))
    (demo.find_subject("queue-worker") / ".run" / "ports").write_text(workers)
    settings = SETTINGS if demo.loki is None else SETTINGS + LOG_SETTINGS
    values = {key: value for key, value in vars(demo).items() if key != "folder"}
    (folder / "harness.toml").write_text(settings.format(model=model, **values))
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(**values))
    (folder / "targets").mkdir()
    (folder / "care_agent.py").write_text(AGENT)
    if demo.loki is not None:
        (folder / "loki.yml").write_text(write_config(demo.loki, grpc, LOG_FOLDER))
    used = [str(port) for port in values.values() if port is not None]
    (folder / MARK).write_text(" ".join(used) + "\n")
    return demo


def _make_subject(demo: DemoProject, name: str) -> None:
    """Copy a subject into a repository of its own."""
    folder = demo.find_subject(name)
    source = HERE / name.replace("-", "_")
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "gitignore").rename(folder / ".gitignore")
    definition = folder / "subject.toml"
    has_logs = demo.loki is not None
    text = definition.read_text().replace("@PORT@", str(demo.service))
    selector = f"logs = '{{service=\"{name}\"}}'" if has_logs else "# no logs"
    text = text.replace("# @LOGS@", selector)
    text = text.replace("# @LOG_LINES@", LOG_LINES_IN_LOGS if has_logs else LOG_LINES)
    definition.write_text(text)
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "Begin")):
        subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True)
    (folder / ".run").mkdir()


def run_deploy(demo: DemoProject, name: str, *words: str) -> None:
    """Run a subject's deploy script as a person would."""
    argv = [sys.executable, "deploy.py", *words]
    subprocess.run(argv, cwd=demo.find_subject(name), check=True, capture_output=True)


def find_ports(count: int) -> list[int]:
    """Ports that nobody uses now, each another."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
