"""Projects with a local stack of their own, and processes that use it, for tests.

Import the fixtures where they are needed:
`from tests.fakes.stack import empty_project, project`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from harness.config.settings import Settings
from harness.stack import lease, stop_stack
from harness.stack.layout import Layout, layout_of
from tests.fakes.warm_python import warm_python

SETTINGS = Settings()

_USER = """
import asyncio, dataclasses, json, sys
from pathlib import Path
from harness.config.settings import settings_model
from harness.contracts.errors import StackError
from harness.stack import open_stack

async def main():
    settings = settings_model().model_validate_json(sys.argv[2])
    try:
        async with open_stack(settings, Path(sys.argv[1]), keep=sys.argv[3] == "keep") as endpoints:
            print(json.dumps(dataclasses.asdict(endpoints)), flush=True)
            await asyncio.to_thread(sys.stdin.read)
    except StackError as error:
        print(error.info.model_dump_json(), flush=True)

asyncio.run(main())
"""


class User:
    """A process that uses the stack of a project until it is told to leave, or killed."""

    def __init__(
        self,
        project: Path,
        *,
        settings: Settings = SETTINGS,
        keep: bool = False,
        umask: int = -1,
        **env: str,
    ) -> None:
        options = settings.model_dump_json(exclude_defaults=True)
        self.process = subprocess.Popen(
            warm_python("-c", _USER, str(project), options, "keep" if keep else "leave"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **env},
            umask=umask,
            text=True,
        )

    async def said(self) -> dict[str, Any]:
        """Its one line of output: the endpoints, or the error."""
        assert self.process.stdout
        return json.loads(await asyncio.to_thread(self.process.stdout.readline))

    async def leave(self) -> str:
        """End it; what else it said."""
        out, _ = await asyncio.to_thread(self.process.communicate)
        return out

    async def kill(self) -> None:
        self.process.kill()
        await self.leave()


@pytest.fixture
async def empty_project(tmp_path: Path) -> AsyncIterator[Path]:
    """A project folder; whatever runs for it at the end is stopped."""
    yield tmp_path
    pids = await pids_of(tmp_path)
    await stop_stack(SETTINGS, tmp_path)
    await until(lambda: not any(lives(pid) for pid in pids))


@pytest.fixture
def project(first_start: Path, empty_project: Path) -> Path:
    """A project that has data already, which saves a second of initdb."""
    source, target = layout(first_start), layout(empty_project)
    target.state.mkdir(mode=0o700)
    shutil.copytree(source.postgres_data, target.postgres_data)
    for file in source.state.glob("temporal.db*"):
        shutil.copy(file, target.state)
    shutil.copy(source.password, target.password)
    return empty_project


def layout(project: Path) -> Layout:
    return layout_of(SETTINGS.state_dir, project)


async def status(project: Path) -> dict[str, Any]:
    found = await lease.read_status(layout(project))
    assert found is not None
    return found


async def pids_of(project: Path) -> list[int]:
    """Of the supervisor and its parts; empty when nothing runs."""
    found = await lease.read_status(layout(project))
    if found is None:
        return []
    return [found["pid"], *(part["pid"] for part in found["parts"].values() if part["pid"])]


async def pid_of(project: Path, part: str) -> int:
    return (await status(project))["parts"][part]["pid"]


def lives(pid: int) -> bool:
    """A zombie does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return sys.platform != "linux"
    except ProcessLookupError:
        return False


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        for wait in itertools.repeat(0.01):
            held = condition()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(wait)


async def until_state(project: Path, part: str, state: str, *, not_pid: int = 0) -> None:
    async def holds() -> bool:
        found = await lease.read_status(layout(project))
        now = found["parts"].get(part) if found else None
        return bool(now) and now["state"] == state and now["pid"] != not_pid

    await until(holds)


async def until_gone(project: Path, pids: list[int]) -> None:
    async def is_left() -> bool:  # the lock goes with the last process that inherited it
        return await lease.read_status(layout(project)) is None

    await until(lambda: not any(lives(pid) for pid in pids))
    await until(is_left)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def query(url: str, statement: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def database_answers(url: str) -> bool:
    try:
        return query(url, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False
