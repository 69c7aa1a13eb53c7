"""Fixtures around what stands beside harness in tests. Use: from tests.fakes.fixtures import
model_server as model_server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.model_server import ModelServer
from tests.fakes.worker_process import Forge, WorkerProcess


@pytest.fixture
async def model_server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    made = Forge()
    yield made
    made.close()


@pytest.fixture
def worker(
    forge: Forge, options: dict[str, Any], name: str, tmp_path: Path
) -> Iterator[WorkerProcess]:
    """The worker process of an agent, which the test starts and kills."""
    process = WorkerProcess(forge, options, name, tmp_path)
    yield process
    process.kill()
