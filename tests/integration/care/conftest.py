"""A subject in a repository, whose metrics say what is deployed, and the agent of rules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.care.repair.agent import make_care_agent
from harness.config.settings import settings_model
from tests.fakes.metrics_server import MetricsServer, serving_metrics
from tests.fakes.servers import Engine, make_options
from tests.fakes.shop import Shop, add_shop
from tests.fakes.watches import end_watches
from tests.integration.api.conftest import api as api
from tests.integration.conftest import ModelServer

MakeShop = Callable[..., Awaitable[Shop]]


@pytest.fixture
async def metrics() -> AsyncIterator[MetricsServer]:
    async with serving_metrics() as server:
        yield server


@pytest.fixture
def care_options(
    engine: Engine, database_url: str, model_server: ModelServer, metrics: MetricsServer
) -> dict[str, Any]:
    """Settings with a database of its own: a watch evaluates all subjects of its store."""
    options = make_options(engine, database_url, model_server)
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


@pytest.fixture(autouse=True)
async def _no_watch_is_left(engine: Engine) -> AsyncIterator[None]:
    yield
    await end_watches(engine)


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
def make_shop(
    request: pytest.FixtureRequest, metrics: MetricsServer, tmp_path: Path
) -> Iterator[MakeShop]:
    name = "care" if "care" in request.fixturenames else "caring"
    harness: Harness = request.getfixturevalue(name)
    made = list[Shop]()

    async def make(**options: Any) -> Shop:
        made.append(await add_shop(harness.connection, metrics, tmp_path, **options))
        return made[-1]

    yield make
    for shop in made:
        shop.kill()
