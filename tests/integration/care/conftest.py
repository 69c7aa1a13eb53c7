"""A subject in a repository, whose metrics say what is deployed, and the agent of rules."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.care.contracts import TicketState
from harness.care.repair.agent import make_care_agent
from harness.care.subjects.registry import add_subject
from harness.care.tickets import client
from harness.care.views import TicketDetail
from harness.config.settings import settings_model
from harness.contracts.errors import TicketNotFound
from harness.engine.connection import Connection
from tests.fakes.metrics_server import MetricsServer, serving_metrics
from tests.fakes.postgres import Postgres
from tests.fakes.runs import eventually
from tests.fakes.servers import Engine, make_options
from tests.integration.api.conftest import api as api
from tests.integration.conftest import ModelServer

GIT = ("git", "-c", "user.name=tester", "-c", "user.email=tester@example.org",
       "-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false")  # fmt: skip
DEPLOY = '''\
"""Deploys `values` of a commit into .run/live; --back restores what was there before it."""
import os, pathlib, subprocess, sys

run, release = pathlib.Path(".run"), os.environ["HARNESS_RELEASE"]
run.mkdir(exist_ok=True)
live, before = run / "live", run / f"before-{release}"
with (run / "log").open("a") as log:
    log.write(f"{sys.argv[1:]} {release}\\n")
if "--back" in sys.argv:
    if before.exists():
        live.write_text(before.read_text())
elif not before.exists():
    before.write_text(live.read_text())
    commit = os.environ["HARNESS_COMMIT"]
    live.write_text(subprocess.check_output(["git", "show", f"{commit}:values"], text=True))
    if "fail" in live.read_text():
        sys.exit("the deploy failed halfway")
'''
SUBJECT = """\
name = "{name}"
test = ["{{python}}", "-c", "print('good')"]
deploy = ["{{python}}", "deploy.py"]
rollback = ["{{python}}", "deploy.py", "--back"]
restart = ["{{python}}", "-c", "open('.run/restarted', 'w')"]
editable = ["values"]
changes = "{changes}"
changes_per_day = {per_day}

[[invariant]]
name = "errors"
query = "{name} errors"
operator = "<"
threshold = 1
window_seconds = 1

[[invariant]]
name = "latency"
query = "{name} latency"
operator = "<"
threshold = 1
window_seconds = 1
"""


@dataclass
class Shop:
    """A subject under care."""

    name: str
    folder: Path
    connection: Connection
    metrics: MetricsServer

    def git(self, *words: str) -> str:
        done = subprocess.run(
            [*GIT, *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, errors: str, latency: str, title: str) -> str:
        """A commit of a colleague, which is deployed at once."""
        text = f"{errors} {latency}\n"
        (self.folder / "values").write_text(text)
        self.git("commit", "--quiet", "--all", "-m", title)
        (self.folder / ".run" / "live").write_text(text)
        return self.git("rev-parse", "HEAD")

    def read(self, place: int) -> float | None:
        """What the metrics of the deployed values say."""
        word = (self.folder / ".run" / "live").read_text().split()[place]
        return None if word == "none" else float(word)

    @property
    def deploys(self) -> list[str]:
        """How often the deploy command ran, and how."""
        log = self.folder / ".run" / "log"
        return log.read_text().splitlines() if log.exists() else []

    async def ticket(self, id: str, *states: TicketState) -> TicketDetail:
        """A ticket, once it is in one of these states."""

        async def look() -> TicketDetail | None:
            try:
                return await client.show_ticket(self.connection, id)
            except TicketNotFound:
                return None

        found = await eventually(look, lambda each: each is not None and each.state in states, 40)
        assert found is not None
        return found


MakeShop = Callable[..., Awaitable[Shop]]


@pytest.fixture
async def metrics() -> AsyncIterator[MetricsServer]:
    async with serving_metrics() as server:
        yield server


@pytest.fixture
def care_options(
    engine: Engine, postgres: Postgres, model_server: ModelServer, metrics: MetricsServer
) -> dict[str, Any]:
    """Settings with a database of its own: a watch evaluates all subjects of its store."""
    options = make_options(engine, postgres.create(), model_server)
    options["providers"]["care"] = {"kind": "care"}
    options["care"] = {"evaluate_seconds": 1, "metrics": {"url": metrics.url}}
    options["model"] = "care/rules"
    return options


@pytest.fixture
def care_env(care_options: dict[str, Any]) -> dict[str, str]:
    """The environment in which the tools of the agent find the stack, as those of a worker do."""
    return {
        "HARNESS_TEMPORAL__ADDRESS": care_options["temporal"]["address"],
        "HARNESS_DATABASE__URL": care_options["database"]["url"],
        "HARNESS_CARE__METRICS__URL": care_options["care"]["metrics"]["url"],
        "HARNESS_SIGNING__KEY": care_options["signing"]["key"],
    }


@pytest.fixture
async def care(
    care_options: dict[str, Any], care_env: dict[str, str], tmp_path: Path, engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Harness]:  # fmt: skip
    """Serves the agent that repairs."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    for name, value in care_env.items():
        monkeypatch.setenv(name, value)
    settings = settings_model().model_validate(care_options)
    await engine.back()
    async with Harness.local(project=project, settings=settings) as serving:
        await serving.serve(make_care_agent())
        yield serving


@pytest.fixture
async def caring(
    care_options: dict[str, Any], tmp_path: Path, engine: Engine
) -> AsyncIterator[Harness]:
    """Serves nothing: workers in processes of their own do."""
    project = tmp_path / "project"
    project.mkdir()
    settings = settings_model().model_validate(care_options)
    await engine.back()
    async with Harness.connect(project=project, settings=settings) as connected:
        yield connected


@pytest.fixture
def make_shop(request: pytest.FixtureRequest, metrics: MetricsServer, tmp_path: Path) -> MakeShop:
    name = "care" if "care" in request.fixturenames else "caring"
    harness: Harness = request.getfixturevalue(name)
    return partial(add_shop, harness.connection, metrics, tmp_path)


async def add_shop(
    connection: Connection, metrics: MetricsServer, place: Path, changes: str = "ask",
    per_day: int = 5,
) -> Shop:  # fmt: skip
    """Make a subject in a repository of its own, and add it."""
    name = f"shop-{uuid.uuid4().hex[:10]}"  # runs are named after the ticket
    folder = place / name
    (folder / ".run").mkdir(parents=True)
    (folder / "values").write_text("0 0\n")
    (folder / ".run" / "live").write_text("0 0\n")
    (folder / ".gitignore").write_text(".run/\n")
    (folder / "deploy.py").write_text(DEPLOY)
    definition = SUBJECT.format(name=name, changes=changes, per_day=per_day)
    (folder / "subject.toml").write_text(definition)
    shop = Shop(name, folder, connection, metrics)
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "-qm", "Begin")):
        shop.git(*words)
    metrics.values[f"{name} errors"] = lambda: shop.read(0)
    metrics.values[f"{name} latency"] = lambda: shop.read(1)
    await add_subject(connection, folder, "tests")
    return shop
