"""Fixtures around the fake model server. Use: from tests.fakes.fixtures import model_server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.model_server import ModelServer


@pytest.fixture
async def model_server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server
