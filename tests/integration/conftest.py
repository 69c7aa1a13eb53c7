"""Real parts for the tests of runs: one engine and one Postgres a test process, one Harness a test.

Each test has an agent of its own name, and with it its own queue and run ids, so tests share both
servers without meeting each other.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.config.settings import settings_model
from tests.fakes.fixtures import model_server as model_server
from tests.fakes.model_server import ModelServer
from tests.fakes.servers import Engine as Engine
from tests.fakes.servers import give_up_after, make_options

HANGS_SECONDS = 60
LONG_SECONDS = 600


@pytest.fixture
def name() -> str:
    """A name for an agent, and with it a queue, that no other test uses."""
    return f"agent-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def options(engine: Engine, runs_database: str, model_server: ModelServer) -> dict[str, Any]:
    """Settings as plain data: to change them, and to hand them to other processes."""
    return make_options(engine, runs_database, model_server)


@pytest.fixture
async def harness(
    options: dict[str, Any], tmp_path: Path, engine: Engine
) -> AsyncIterator[Harness]:
    """Serves each agent that is started through it."""
    settings = settings_model().model_validate(options)
    await engine.back()
    async with Harness.local(project=tmp_path, settings=settings) as serving:
        yield serving


@pytest.fixture
async def remote(options: dict[str, Any], tmp_path: Path, engine: Engine) -> AsyncIterator[Harness]:
    """Serves no agent: what it starts waits for a worker."""
    settings = settings_model().model_validate(options)
    await engine.back()
    async with Harness.connect(project=tmp_path, settings=settings) as connected:
        yield connected


@pytest.fixture
async def later(
    options: dict[str, Any], fresh_engine: Engine, tmp_path: Path
) -> AsyncIterator[Harness]:
    """Serves each agent, with the same store and an engine that has forgotten everything."""
    temporal = {"address": fresh_engine.address, "ui": fresh_engine.ui}
    settings = settings_model().model_validate({**options, "temporal": temporal})
    async with Harness.local(project=tmp_path, settings=settings) as serving:
        yield serving


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    with give_up_after(LONG_SECONDS if item.get_closest_marker("campaign") else HANGS_SECONDS):
        return (yield)
