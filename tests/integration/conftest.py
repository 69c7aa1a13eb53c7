"""Real parts for the tests of runs: one engine and one Postgres a test process, one Harness a test.

Each test has an agent of its own name, and with it its own queue and run ids, so tests share both
servers without meeting each other.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.config.settings import Settings, settings_model
from harness.stack import stop_stack
from harness.store.migrate import open_database
from tests.fakes.fixtures import model_server as model_server
from tests.fakes.model_server import ModelServer
from tests.fakes.postgres import Postgres
from tests.fakes.postgres import _template as _template
from tests.fakes.postgres import database_url as database_url
from tests.fakes.postgres import postgres as postgres
from tests.fakes.stack import User, answers, kill, lives, pid_of, pids_of, until

HANGS_SECONDS = 60
LONG_SECONDS = 600


@dataclass(frozen=True)
class Engine:
    """The Temporal of this test process; its supervisor starts it again when it is killed."""

    project: Path
    address: str
    ui: str | None

    async def kill(self) -> None:
        kill(await pid_of(self.project, "temporal"))

    async def back(self) -> None:
        """Until it answers: the test before may have killed it."""
        await until(lambda: answers(self.address))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with _started() as engine:
        yield engine


@pytest.fixture(scope="session")
def fresh_engine() -> Iterator[Engine]:
    """One that knows nothing: to it all runs are forgotten. (A real one takes half a minute to
    delete a run.)"""
    with _started() as engine:
        yield engine


@contextmanager
def _started() -> Generator[Engine]:
    # Not below pytest's own folder: what the supervisor holds open there would be removed early.
    with tempfile.TemporaryDirectory(prefix="harness-engine-", ignore_cleanup_errors=True) as name:
        project = Path(name)
        # A configured database is not started, so this stack is the engine alone.
        alone = settings_model().model_validate({"database": {"url": "postgresql://unused"}})
        user = User(project, settings=alone)
        try:
            said = asyncio.run(user.said())
            assert "temporal_address" in said, said
            yield Engine(project, said["temporal_address"], said["ui_url"])
        finally:
            asyncio.run(_leave(user, alone, project))


async def _leave(user: User, settings: Settings, project: Path) -> None:
    pids = await pids_of(project)
    await stop_stack(settings, project)
    await user.leave()
    await until(lambda: not any(lives(pid) for pid in pids))


@pytest.fixture(scope="session")
def runs_database(postgres: Postgres) -> str:
    """One database for all runs of this test process; returns its url."""
    url = postgres.create()

    async def migrate() -> None:
        await (await open_database(url)).close()

    asyncio.run(migrate())
    return url


@pytest.fixture
def name() -> str:
    """A name for an agent, and with it a queue, that no other test uses."""
    return f"agent-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def options(engine: Engine, runs_database: str, model_server: ModelServer) -> dict[str, Any]:
    """Settings as plain data: to change them, and to hand them to other processes."""
    fake = {"api_key": "test-key", "timeout_seconds": 30}
    return {
        "model": "openai/gpt-5",
        "providers": {
            "openai": {"kind": "openai", "base_url": model_server.openai, **fake},
            "anthropic": {"kind": "anthropic", "base_url": model_server.anthropic, **fake},
        },
        "temporal": {"address": engine.address, "ui": engine.ui},
        "database": {"url": runs_database, "pool_size": 4},
        "worker": {
            "graceful_shutdown_seconds": 0.5,
            "accept_resets": True,
        },
        "archive": {"enabled": False},
        # One database serves many projects here: they must believe what the others stored.
        "signing": {"key": "test-signing-key-of-32-characters"},
    }


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
    """A test that waits for what never comes fails, and the rest go on."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONG_SECONDS if item.get_closest_marker("campaign") else HANGS_SECONDS)
    try:
        return (yield)
    finally:
        signal.alarm(0)


def _too_long(*_: object) -> None:
    raise TimeoutError("the test still ran when its time was up")
