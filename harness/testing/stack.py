"""Temporal and Postgres of a test session, in a temporary folder that is deleted at its end."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from harness.config.settings import Settings
from harness.stack import open_stack, stop_stack

STATE_HOME = "XDG_STATE_HOME"


@contextmanager
def local_stack(settings: Settings) -> Generator[Path]:
    """Keep a stack open in its own thread while the block runs; yields its project folder. If this
    process is killed, the stack ends too."""
    with tempfile.TemporaryDirectory(prefix="harness-test-", ignore_cleanup_errors=True) as name:
        project = Path(name)
        with _isolate_state(project), _hold_stack(settings, project):
            yield project


@contextmanager
def _hold_stack(settings: Settings, project: Path) -> Generator[None]:
    ready: Future[asyncio.AbstractEventLoop] = Future()
    leave = asyncio.Event()

    async def hold_open() -> None:
        async with open_stack(settings, project):
            ready.set_result(asyncio.get_running_loop())
            await leave.wait()
        await stop_stack(settings, project)  # returns when its processes are gone

    def run_until_released() -> None:
        try:
            asyncio.run(hold_open())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=run_until_released, name="harness-test-stack", daemon=True)
    thread.start()
    loop = ready.result()
    try:
        yield
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(leave.set)
        thread.join()


@contextmanager
def _isolate_state(project: Path) -> Generator[None]:
    """Keep the files that workers store outside the database in the project folder."""
    before = os.environ.get(STATE_HOME)
    os.environ[STATE_HOME] = str(project / "state")
    try:
        yield
    finally:
        if before is None:
            del os.environ[STATE_HOME]
        else:
            os.environ[STATE_HOME] = before
