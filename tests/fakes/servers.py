"""Temporal and a database with all tables, one of each a test process, for all layers.

The root's conftest loads this module as a plug-in, so that two layers in one process share them.
What is slow to load is loaded when a test asks for it.
"""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.fakes.model_server import ModelServer
    from tests.fakes.postgres import Postgres
    from tests.fakes.stack import User


@dataclass(frozen=True)
class Engine:
    """The Temporal of this test process; its supervisor starts it again when it is killed."""

    project: Path
    address: str
    ui: str | None

    async def kill(self) -> None:
        from tests.fakes.stack import kill, pid_of

        kill(await pid_of(self.project, "temporal"))

    async def back(self) -> None:
        """Until it answers: the test before may have killed it."""
        from tests.fakes.stack import answers, until

        await until(lambda: answers(self.address))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with started_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def fresh_engine() -> Iterator[Engine]:
    """One that knows nothing: to it all runs are forgotten. (A real one takes half a minute to
    delete a run.)"""
    with started_engine() as engine:
        yield engine


@contextmanager
def started_engine() -> Generator[Engine]:
    from harness.config.settings import settings_model
    from tests.fakes.stack import User

    # Not below pytest's own folder: what the supervisor holds open there would be removed early.
    with tempfile.TemporaryDirectory(prefix="harness-engine-", ignore_cleanup_errors=True) as name:
        project = Path(name)
        # A configured database is not started, so this stack is the engine alone.
        alone = settings_model().model_validate(
            {"database": {"url": "postgresql://unused"}, "temporal": {"synchronous": "normal"}}
        )
        user = User(project, settings=alone)
        try:
            said = asyncio.run(user.said())
            assert "temporal_address" in said, said
            yield Engine(project, said["temporal_address"], said["ui_url"])
        finally:
            asyncio.run(_end(user, project))


async def _end(user: User, project: Path) -> None:
    """Kill it, the supervisor first: to stop in good order takes long after so many runs, and
    nobody needs the data."""
    from tests.fakes.stack import kill, lives, pids_of, until

    pids = await pids_of(project)
    for pid in pids:
        with suppress(ProcessLookupError):  # parts die with their supervisor
            kill(pid)
    await user.leave()
    await until(lambda: not any(lives(pid) for pid in pids))


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose stack was started once, by each test process."""
    from harness.stack import open_stack, stop_stack
    from tests.fakes.stack import SETTINGS

    folder = tmp_path_factory.mktemp("first-start")

    async def start() -> None:
        async with open_stack(SETTINGS, folder):
            pass
        await stop_stack(SETTINGS, folder)

    asyncio.run(start())
    return folder


@pytest.fixture(scope="session")
def runs_database(postgres: Postgres, template: str) -> str:
    """One database for all runs of this test process; returns its url."""
    return postgres.create(template)


def make_options(engine: Engine, database: str, model_server: ModelServer) -> dict[str, Any]:
    """Settings as plain data: to change them, and to hand them to other processes."""
    fake = {"api_key": "test-key", "timeout_seconds": 30}
    return {
        "model": "openai/gpt-5",
        "providers": {
            "openai": {"kind": "openai", "base_url": model_server.openai, **fake},
            "anthropic": {"kind": "anthropic", "base_url": model_server.anthropic, **fake},
        },
        "temporal": {"address": engine.address, "ui": engine.ui},
        "database": {"url": database, "pool_size": 4},
        "worker": {
            "graceful_shutdown_seconds": 0.5,
            "accept_resets": True,
        },
        "archive": {"enabled": False},
        # One database serves many projects here: they must believe what the others stored.
        "signing": {"key": "test-signing-key-of-32-characters"},
    }


@contextmanager
def give_up_after(seconds: int) -> Generator[None]:
    """A test that waits for what never comes fails, and the rest go on."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def _too_long(*_: object) -> None:
    raise TimeoutError("the test still ran when its time was up")
