"""A watch over a database of its own: it evaluates all invariants of a database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from harness.care.subjects.registry import add_subject
from tests.fakes.prometheus import PrometheusServer
from tests.fakes.servers import Engine
from tests.fakes.watches import end_watches
from tests.integration.api.conftest import Api
from tests.integration.api.conftest import api as api
from tests.integration.remote.conftest import kept_logs as kept_logs
from tests.integration.remote.conftest import places as places
from tests.integration.remote.conftest import user_home as user_home


@pytest.fixture(autouse=True)
async def _no_watch_is_left(engine: Engine) -> AsyncIterator[None]:
    yield
    await end_watches(engine)


@pytest.fixture
def options(
    options: dict[str, Any], database_url: str, prometheus: PrometheusServer
) -> dict[str, Any]:
    return {
        **options,
        "database": {"url": database_url, "pool_size": 4},
        "care": {
            "evaluate_seconds": 1, "metrics": {"url": prometheus.url, "timeout_seconds": 5}
        },
    }  # fmt: skip


DEFINITION = """
name = "NAME"
summary = "Watches itself."
test = ["{python}", "-c", "print('all good')"]
health = "URL/-/healthy"
metrics = '{job="self"}'

[[invariant]]
name = "up"
query = 'up{job="self"}'
operator = "=="
threshold = 1

[[invariant]]
name = "odd"
source = "logs"
query = 'sum(rate({app="self"}[1m]))'
operator = "<"
threshold = 1

[[invariant]]
name = "absent"
query = "nothing_has_this_name"
operator = "<"
threshold = 1

[[invariant]]
name = "many"
query = 'up{job="self"}'
operator = ">"
threshold = 5
for_seconds = 3_600
"""


@pytest.fixture
def subject_folder(tmp_path: Path, name: str, prometheus: PrometheusServer) -> Path:
    """The folder of a subject that is the Prometheus itself; its name is that of the test."""
    folder = tmp_path / "service"
    folder.mkdir()
    text = DEFINITION.replace("NAME", name).replace("URL", prometheus.url)
    (folder / "subject.toml").write_text(text)
    return folder


@pytest.fixture
async def subject(api: Api, name: str, subject_folder: Path) -> str:
    """The name of a subject that was added, and belongs to the caller `operator`."""
    definition = subject_folder / "subject.toml"
    definition.write_text(f'owner = "{api.user}"\n{definition.read_text()}')
    await add_subject(api.daemon.connection, subject_folder, "ann")
    return name
