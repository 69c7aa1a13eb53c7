"""The built page in Debian's Chromium, over a real daemon, a real Temporal and a real Postgres.

    async def test_a_run(site: Site) -> None:
        await site.serve()
        site.model.script(say("Hello.", pieces=20, delay=0.05))
        page = await site.sign_in()
        run = await site.start("Hi")
        await expect(page.get_by_text("Hello.")).to_be_visible()

Select by role and accessible name. Every error, failed request and request to another host fails
the test unless it says `site.troubles.allow(...)`.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from harness import Harness
from harness.config.settings import settings_model
from harness_daemon.page.built import find_folder
from tests.browser.daemon_process import DaemonProcess
from tests.browser.site import PATIENCE_MS, Site, open_site
from tests.browser.troubles import Troubles
from tests.fakes.model_server import ModelServer
from tests.fakes.servers import Engine, give_up_after, make_options
from tests.fakes.worker_process import Forge
from tests.integration.api.conftest import serve_api

HERE = Path(__file__).parent
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # tests run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
]
HANGS_SECONDS = 120

on_one_loop = pytest_asyncio.fixture(loop_scope="session")
"""The browser lives for the session, and so must the loop of all that talks to it."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    with give_up_after(HANGS_SECONDS * (5 if item.get_closest_marker("campaign") else 1)):
        return (yield)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser process a test process; each `sign_in` is a browser of its own within it."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    assert find_folder() is not None, "The page is not built: make setup"
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def name() -> str:
    return f"agent-{uuid.uuid4().hex[:10]}"


@on_one_loop
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest.fixture
def options(engine: Engine, runs_database: str, model: ModelServer) -> dict[str, Any]:
    """Settings as plain data; a module may override it."""
    return make_options(engine, runs_database, model)


@on_one_loop
async def harness(
    chromium: Browser, options: dict[str, Any], tmp_path: Path, engine: Engine
) -> AsyncIterator[Harness]:
    settings = settings_model().model_validate(options)
    await engine.back()
    async with Harness.local(project=tmp_path, settings=settings) as serving:
        yield serving


@on_one_loop
async def site(
    chromium: Browser, harness: Harness, model: ModelServer, name: str
) -> AsyncIterator[Site]:
    """The page, from a daemon in this process."""
    parts = {"harness": harness, "model": model, "browser": chromium, "name": name}
    async with (
        serve_api(harness) as daemon,
        open_site(url=daemon.url, troubles=Troubles(), **parts) as opened,
    ):
        yield opened


@pytest.fixture(scope="session")
def daemon_forge() -> Iterator[Forge]:
    made = Forge("tests.browser.daemon_process")
    yield made
    made.close()


@on_one_loop
async def daemon(
    daemon_forge: Forge, harness: Harness, options: dict[str, Any], tmp_path: Path
) -> AsyncIterator[DaemonProcess]:
    """A daemon to be killed and started again; agents run on in this process."""
    process = DaemonProcess(daemon_forge, options, tmp_path)
    await process.start()
    yield process
    process.kill()


@on_one_loop
async def fragile_site(
    chromium: Browser, daemon: DaemonProcess, harness: Harness, model: ModelServer, name: str
) -> AsyncIterator[Site]:
    """The page, from the daemon that may be killed."""
    parts = {"harness": harness, "model": model, "browser": chromium, "name": name}
    async with open_site(url=daemon.url, troubles=Troubles(), **parts) as opened:
        yield opened
