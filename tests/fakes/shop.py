"""A subject in a repository of its own, whose metrics say what is deployed and whether it runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.care.states import TicketState
from harness.care.subjects.registry import add_subject
from harness.care.ticket_views import TicketDetail
from harness.care.tickets import reading
from harness.care.tickets.rows import fingerprint
from harness.contracts.errors import TicketNotFound
from harness.engine.connection import Connection
from tests.fakes.metrics_server import MetricsServer
from tests.fakes.runs import eventually

GIT = ("git", "-c", "user.name=tester", "-c", "user.email=tester@example.org",
       "-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false")  # fmt: skip
LONG_AGO = {"GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z"}
DEPLOY = '''\
"""Deploys `values` of a commit into .run/live and starts the service, a process that sleeps;
--back restores what was there before it; --restart and --start start the service."""
import os, pathlib, signal, subprocess, sys, time

run, release = pathlib.Path(".run"), os.environ.get("HARNESS_RELEASE", "none")
run.mkdir(exist_ok=True)
live, before, done = run / "live", run / f"before-{release}", run / f"done-{release}"
how = sys.argv[1:]

def write(path, text):
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.replace(path)

def runs():
    try:
        return pathlib.Path(f"/proc/{(run / 'pid').read_text()}/comm").read_text() == "sleep\\n"
    except OSError:
        return False

def start():
    if runs():
        os.kill(int((run / "pid").read_text()), signal.SIGKILL)
    service = subprocess.Popen(
        ["sleep", "3600"], start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    write(run / "pid", str(service.pid))

with (run / "log").open("a") as log:
    log.write(f"{how} {release}\\n")
if "--back" in how:
    if (run / "no-way-back").exists():
        sys.exit("there is no way back")
    if before.exists():
        write(live, before.read_text())
        done.unlink(missing_ok=True)
    if not runs():
        start()
elif how:
    start()
elif not done.exists():
    if not before.exists():
        write(before, live.read_text())
    commit = os.environ["HARNESS_COMMIT"]
    if (run / "slow").exists():
        with (run / "times").open("a") as times:
            times.write(f"begin {os.getpid()}\\n")
        time.sleep(float((run / "slow").read_text()))
        with (run / "times").open("a") as times:
            times.write(f"end {os.getpid()}\\n")
    write(live, subprocess.check_output(["git", "show", f"{commit}:values"], text=True))
    if "fail" in live.read_text():
        sys.exit("the deploy failed halfway")
    start()
    write(done, "")
    with (run / "effects").open("a") as effects:
        effects.write(f"{commit}\\n")
'''
SUBJECT = """\
name = "{name}"
test = ["{{python}}", "-c", "print('good')"]
deploy = ["{{python}}", "deploy.py"]
rollback = ["{{python}}", "deploy.py", "--back"]
restart = ["{{python}}", "deploy.py", "--restart"]
editable = ["values"]
changes = "{changes}"
changes_per_day = {per_day}
"""
INVARIANT = """
[[invariant]]
name = "{name}"
query = "{subject} {name}"
operator = "{operator}"
threshold = {threshold}
window_seconds = 1
"""
CONDITIONS: Mapping[str, tuple[str, int]] = {
    "errors": ("<", 1), "latency": ("<", 1), "up": ("==", 1),
}  # fmt: skip


@dataclass
class Shop:
    """A subject under care."""

    name: str
    folder: Path
    connection: Connection
    metrics: MetricsServer

    def git(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            [*GIT, *words], cwd=self.folder, check=True, capture_output=True, text=True,
            env={**os.environ, **(env or {})},
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, errors: str, latency: str, title: str) -> str:
        """A commit of a colleague, which is deployed at once."""
        text = f"{errors} {latency}\n"
        (self.folder / "values").write_text(text)
        self.git("commit", "--quiet", "--all", "-m", title)
        (self.folder / ".run" / "live").write_text(text)
        return self.git("rev-parse", "HEAD")

    @property
    def live(self) -> tuple[float, float] | None:
        """The errors and the latency that the deployed values cause; None: the deploy is broken."""
        words = (self.folder / ".run" / "live").read_text().split()
        return None if "fail" in words or len(words) != 2 else (float(words[0]), float(words[1]))

    @property
    def pid(self) -> int | None:
        """The process of the service, if it runs."""
        try:
            pid = int((self.folder / ".run" / "pid").read_text())
            return pid if Path(f"/proc/{pid}/comm").read_text() == "sleep\n" else None
        except (OSError, ValueError):
            return None

    def start(self) -> None:
        subprocess.run([sys.executable, "deploy.py", "--start"], cwd=self.folder, check=True)

    def kill(self) -> None:
        """kill -9 of the service."""
        if (pid := self.pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def read(self, name: str) -> float | None:
        """What its metrics say."""
        if name == "up":
            return 0.0 if self.pid is None else 1.0
        live = self.live if self.pid is not None else None
        return None if live is None else live[0 if name == "errors" else 1]

    @property
    def deploys(self) -> list[str]:
        """How often the deploy command ran, and how."""
        return self._read_lines("log")[1:]  # the first one starts the service

    def slow_down(self, seconds: float) -> None:
        """Let each deploy take so long."""
        (self.folder / ".run" / "slow").write_text(str(seconds))

    def break_rollback(self) -> None:
        """Let the rollback fail from now on."""
        (self.folder / ".run" / "no-way-back").touch()

    @property
    def times(self) -> list[str]:
        """When slow deploys began and ended, in order."""
        return self._read_lines("times")

    @property
    def effects(self) -> list[str]:
        """The commits that were deployed to the end, in order."""
        return self._read_lines("effects")

    def _read_lines(self, name: str) -> list[str]:
        path = self.folder / ".run" / name
        return path.read_text().splitlines() if path.exists() else []

    def ticket_of(self, invariant: str) -> str:
        """The id of the ticket of an invariant."""
        return fingerprint(self.name, invariant)

    async def ticket(self, id: str, *states: TicketState) -> TicketDetail:
        """A ticket, once it is in one of these states."""

        async def look() -> TicketDetail | None:
            try:
                return await reading.show_ticket(self.connection, id)
            except TicketNotFound:
                return None

        found = await eventually(look, lambda each: each is not None and each.state in states, 40)
        assert found is not None
        return found


async def add_shop(
    connection: Connection, metrics: MetricsServer, place: Path, changes: str = "ask",
    per_day: int = 5,
) -> Shop:  # fmt: skip
    """Make a subject, start its service, and add it. The caller kills it at the end."""
    name = f"shop-{uuid.uuid4().hex[:10]}"  # runs are named after the ticket
    folder = place / name
    (folder / ".run").mkdir(parents=True)
    (folder / "values").write_text("0 0\n")
    (folder / ".run" / "live").write_text("0 0\n")
    (folder / ".gitignore").write_text(".run/\n")
    (folder / "deploy.py").write_text(DEPLOY)
    definition = SUBJECT.format(name=name, changes=changes, per_day=per_day)
    for each, (operator, threshold) in CONDITIONS.items():
        definition += INVARIANT.format(
            name=each, subject=name, operator=operator, threshold=threshold
        )
    (folder / "subject.toml").write_text(definition)
    shop = Shop(name, folder, connection, metrics)
    shop.git("init", "--quiet")
    shop.git("add", "--all")
    shop.git("commit", "-qm", "Begin", env=LONG_AGO)  # nobody blames it
    shop.start()
    for each in CONDITIONS:
        metrics.values[f"{name} {each}"] = lambda each=each: shop.read(each)
    await add_subject(connection, folder, "tests")
    return shop
