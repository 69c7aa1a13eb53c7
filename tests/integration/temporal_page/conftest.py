"""The real page of the test's own Temporal, behind a daemon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from harness.config.settings import settings_model
from harness.stack import open_stack
from tests.integration.api.conftest import Api
from tests.integration.api.conftest import api as api
from tests.integration.conftest import Engine


@pytest.fixture(scope="session")
def page(engine: Engine) -> str:
    """The address of the page; Temporal restarts with it, and keeps it."""
    alone = settings_model().model_validate({"database": {"url": "postgresql://unused"}})

    async def show() -> str:
        async with open_stack(alone, engine.project, page=True) as endpoints:
            assert endpoints.local_ui_url is not None
            return endpoints.local_ui_url

    return asyncio.run(show())


@pytest.fixture
def options(options: dict[str, Any], page: str) -> dict[str, Any]:
    return {**options, "temporal_page": {"url": page}}


@asynccontextmanager
async def open_browser(api: Api) -> AsyncGenerator[httpx.AsyncClient]:
    """A browser of the person at the machine, signed in and on the daemon's own pages."""
    headers = {"Origin": api.daemon.url, "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=api.daemon.url, headers=headers, timeout=30) as client:
        link = await api.daemon.make_sign_in_link()
        signed_in = await client.get(link, headers={"Sec-Fetch-Site": "none"})  # by hand
        assert signed_in.status_code == 303
        yield client


@pytest.fixture
async def browser(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    async with open_browser(api) as client:
        yield client
