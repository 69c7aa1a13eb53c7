"""Runs whose requests are recorded."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Harness
from harness.crypto.keyring import new_key
from harness.request_log import client
from harness.request_log.rows import RequestFilter
from harness.request_log.views import RecordedRequest
from tests.fakes.stack import until
from tests.integration.api.conftest import api as api


@pytest.fixture
def options(options: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """Tests that are parametrized with `options` as `encrypted` have a database of their own."""
    options = {**options, "request_log": {"sample": 1.0}}
    if getattr(request, "param", "plain") == "plain":
        return options
    database = {"url": request.getfixturevalue("database_url"), "pool_size": 4}
    return {**options, "database": database, "encryption": {"key": new_key()}}


async def wait_for_requests(harness: Harness, run: str, count: int) -> list[RecordedRequest]:
    """The recorded requests of a run, the oldest first, once there are so many."""

    async def read() -> list[RecordedRequest]:
        page = await client.list_requests(harness.connection, RequestFilter(run=run))
        return page.requests[::-1]

    async def are_written() -> bool:
        return len(await read()) >= count

    await until(are_written)
    return await read()
