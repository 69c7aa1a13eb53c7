# ruff: noqa: F401, F811 - fixtures are imported, and asked for by their names
"""Whatever of the stack is killed, nothing is left running and nothing is lost."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.client import Client

from harness.contracts.errors import StackError
from harness.stack import make_connect_options, open_stack, stop_stack
from tests.fakes.stack import (
    SETTINGS,
    User,
    answers,
    database_answers,
    empty_project,
    kill,
    layout,
    lives,
    pid_of,
    pids_of,
    project,
    query,
    status,
    until,
    until_gone,
    until_state,
)

pytestmark = pytest.mark.slow


async def test_supervisor_and_users_killed(project: Path) -> None:
    user = User(project)
    endpoints = await user.said()
    query(endpoints["database_url"], "CREATE TABLE kept AS SELECT 42 AS answer")
    pids = await pids_of(project)
    user.process.kill()
    kill(pids[0])
    await user.leave()
    await until_gone(project, pids)
    assert layout(project).socket.exists()  # stale, as is the pid file
    async with open_stack(SETTINGS, project) as again:
        assert again.temporal_address == endpoints["temporal_address"]
        assert query(again.database_url, "SELECT answer FROM kept") == 42


async def test_supervisor_killed_under_a_user(project: Path) -> None:
    async with open_stack(SETTINGS, project) as endpoints:
        query(endpoints.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        pids = await pids_of(project)
        kill(pids[0])
        await until(lambda: not any(lives(pid) for pid in pids))
        await until_state(project, "temporal", "running")
        await until_state(project, "postgres", "running")
        assert answers(endpoints.temporal_address)
        assert query(endpoints.database_url, "SELECT answer FROM kept") == 42


async def test_postgres_killed(project: Path) -> None:
    async with open_stack(SETTINGS, project) as endpoints:
        query(endpoints.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        pid = await pid_of(project, "postgres")
        kill(pid)
        await until(lambda: not lives(pid))
        await until(lambda: database_answers(endpoints.database_url))
        assert query(endpoints.database_url, "SELECT answer FROM kept") == 42
        await until_state(project, "postgres", "running", not_pid=pid)


async def test_temporal_killed(project: Path) -> None:
    async with open_stack(SETTINGS, project) as endpoints:
        client = await Client.connect(**await make_connect_options(SETTINGS, endpoints))
        await client.start_workflow("Anything", id="kept", task_queue="nobody")
        pid = await pid_of(project, "temporal")
        kill(pid)
        await until_state(project, "temporal", "running", not_pid=pid)
        assert (await client.get_workflow_handle("kept").describe()).workflow_type == "Anything"


async def test_a_part_that_keeps_dying_is_not_restarted_forever(project: Path) -> None:
    async with open_stack(SETTINGS, project) as endpoints:
        control = layout(project).postgres_data / "global" / "pg_control"
        sound = control.read_bytes()
        control.write_bytes(b"\0" * len(sound))
        kill(await pid_of(project, "postgres"))
        await until_state(project, "postgres", "failed")
        found = (await status(project))["parts"]
        assert str(layout(project).postgres_data) in found["postgres"]["failure"]
        assert found["temporal"]["state"] == "running"
        # It is tried again for the next who wants it, and comes up when it is mended.
        control.write_bytes(sound)
        async with open_stack(SETTINGS, project) as mended:
            assert mended == endpoints
            assert database_answers(endpoints.database_url)


_GUARDED = """
import asyncio, signal, sys
from harness.stack.guard import start_guard

async def main():
    child = await asyncio.create_subprocess_exec("/bin/sleep", "600")
    await start_guard(child.pid, signal.SIGINT)
    print(child.pid, flush=True)
    await child.wait()

asyncio.run(main())
"""


async def test_the_guard_where_the_kernel_does_not_help() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _GUARDED, stdout=subprocess.PIPE
    )
    assert parent.stdout
    pid = int(await parent.stdout.readline())
    assert lives(pid)
    parent.kill()
    await parent.wait()
    await until(lambda: not lives(pid))


async def test_a_state_folder_that_is_removed_ends_the_stack(project: Path) -> None:
    with pytest.raises(StackError, match="was removed"):
        async with open_stack(SETTINGS, project):
            pids = await pids_of(project)
            await asyncio.to_thread(shutil.rmtree, layout(project).state, ignore_errors=True)
            await asyncio.Event().wait()
    await until_gone(project, pids)
    assert not await stop_stack(SETTINGS, project)
    async with open_stack(SETTINGS, project) as endpoints:  # a new one, at once
        assert answers(endpoints.temporal_address)


async def test_a_removed_stack_can_be_stopped_and_started_at_once(project: Path) -> None:
    user = User(project)
    await user.said()
    pids = await pids_of(project)
    await asyncio.to_thread(shutil.rmtree, layout(project).state, ignore_errors=True)
    assert await stop_stack(SETTINGS, project)
    await until_gone(project, pids)
    await user.leave()
