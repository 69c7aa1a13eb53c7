# ruff: noqa: F401, F811 - fixtures are imported, and asked for by their names
"""A stack runs as long as it is used, and keeps its data."""

import asyncio
import urllib.request
from argparse import Namespace
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from harness.cli.out import Out
from harness.cli.stack.trust import review_trust
from harness.config.settings import DatabaseSettings, Settings, TemporalSettings
from harness.config.trust import read_trust
from harness.contracts.errors import StackError
from harness.stack import find_stack, make_connect_options, open_stack, stop_stack
from tests.fakes.stack import (
    SETTINGS,
    User,
    answers,
    database_answers,
    empty_project,
    layout,
    lives,
    pids_of,
    project,
    query,
    status,
    until,
    until_gone,
)


@pytest.mark.slow
async def test_the_stack_stops_when_its_last_user_leaves(project: Path) -> None:
    async with open_stack(SETTINGS, project) as first:
        joined = open_stack(SETTINGS, project)
        assert await joined.__aenter__() == first == await find_stack(SETTINGS, project)
        pids = await pids_of(project)
        assert len(pids) == 3
    assert await pids_of(project) == pids
    assert answers(first.temporal_address)
    assert database_answers(first.database_url)
    await joined.__aexit__(None, None, None)
    await until_gone(project, pids)
    assert await find_stack(SETTINGS, project) is None


async def test_data_survives_a_restart(project: Path) -> None:
    async with open_stack(SETTINGS, project, page=True) as first:
        query(first.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        client = await Client.connect(**await make_connect_options(SETTINGS, first))
        await client.start_workflow("Anything", id="kept", task_queue="nobody")
        assert first.ui_url is not None
        page = await asyncio.to_thread(urllib.request.urlopen, first.ui_url, timeout=5)
        assert page.status == 200
        pids = await pids_of(project)
    assert await stop_stack(SETTINGS, project)
    await until_gone(project, pids)
    async with open_stack(SETTINGS, project, page=True) as second:
        assert second == first
        assert query(second.database_url, "SELECT answer FROM kept") == 42
        client = await Client.connect(**await make_connect_options(SETTINGS, second))
        assert (await client.get_workflow_handle("kept").describe()).workflow_type == "Anything"
        found = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace="default")
        )
        assert found.config.workflow_execution_retention_ttl.ToTimedelta().days == 30


@pytest.mark.slow
async def test_a_killed_user_has_left(project: Path) -> None:
    user = User(project)
    endpoints = await user.said()
    pids = await pids_of(project)
    assert answers(endpoints["temporal_address"])
    await user.kill()
    await until_gone(project, pids)


@pytest.mark.slow
async def test_concurrent_users_start_one_stack(empty_project: Path) -> None:
    users = [User(empty_project) for _ in range(3)]
    said = await asyncio.gather(*(user.said() for user in users))
    assert said[0] == said[1] == said[2]
    assert "temporal_address" in said[0]
    pids = await pids_of(empty_project)
    assert (await status(empty_project))["leases"] == 3
    assert [await user.leave() for user in users] == ["", "", ""]  # no banner on stdout
    await until_gone(empty_project, pids)


@pytest.mark.slow
async def test_a_kept_one_stays_until_it_is_stopped(project: Path) -> None:
    user = User(project, keep=True)
    endpoints = await user.said()
    await user.leave()
    pids = await pids_of(project)
    with pytest.raises(StackError, match="was stopped") as stopped:
        async with open_stack(SETTINGS, project) as joined:
            assert joined.database_url == endpoints["database_url"]
            stopping = asyncio.create_task(stop_stack(SETTINGS, project))
            await asyncio.Event().wait()
    assert stopped.value.code == "stack.stopped"
    # Whoever uses it when it is stopped does not start it again.
    assert await stopping
    await until_gone(project, pids)
    assert not await stop_stack(SETTINGS, project)


async def is_stopping(project: Path) -> bool:
    return (await status(project))["stopping"]


@pytest.mark.slow
async def test_it_is_joined_while_it_stops(project: Path) -> None:
    async with open_stack(SETTINGS, project) as first:
        pids = await pids_of(project)
    stopping = asyncio.create_task(stop_stack(SETTINGS, project))
    await until(lambda: is_stopping(project))
    async with open_stack(SETTINGS, project) as second:
        assert second == first
        assert set(await pids_of(project)).isdisjoint(pids)
    assert await stopping


@pytest.mark.slow
async def test_projects_do_not_disturb_each_other(empty_project: Path) -> None:
    one, two = empty_project / "one", empty_project / "two"
    for folder in (one, two):
        folder.mkdir()
    async with open_stack(SETTINGS, one) as first:
        async with open_stack(SETTINGS, two) as second:
            assert first.temporal_address != second.temporal_address
            assert first.database_url != second.database_url
            pids = await pids_of(two)
        assert await stop_stack(SETTINGS, two)
        await until_gone(two, pids)
        assert answers(first.temporal_address)
        assert database_answers(first.database_url)
        pids = await pids_of(one)
    await until_gone(one, pids)


async def test_only_what_is_not_configured_is_started(project: Path) -> None:
    here = DatabaseSettings.model_validate({"url": "postgresql://elsewhere/db"})
    async with open_stack(Settings(database=here), project) as engine:
        assert (engine.local_temporal, engine.local_database) == (True, False)
        assert engine.database_url == "postgresql://elsewhere/db"
        assert list((await status(project))["parts"]) == ["temporal"]
        assert await find_stack(SETTINGS, project) is None
        # Another command wants both: the running stack grows.
        async with open_stack(SETTINGS, project) as both:
            assert both.temporal_address == engine.temporal_address
            assert database_answers(both.database_url)
            assert await find_stack(SETTINGS, project) == both
    there = Settings(database=here, temporal=TemporalSettings(address="elsewhere:7233"))
    async with open_stack(there, project / "none") as nothing:
        assert nothing == await find_stack(there, project / "none")
        assert not (project / "none").exists()


@pytest.mark.slow
async def test_other_users_can_read_nothing(empty_project: Path) -> None:
    async with open_stack(SETTINGS, empty_project):
        found = layout(empty_project)
        closed = [found.state, found.password, found.socket, found.temporal_data]
        assert [path.stat().st_mode & 0o077 for path in closed] == [0, 0, 0, 0]
        assert (found.state / ".gitignore").read_text() == "*\n"


@pytest.mark.slow
async def test_a_running_stack_stays_trusted(
    empty_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without trust no command would find it, not even `harness down`."""
    monkeypatch.chdir(empty_project)
    remove, out = Namespace(list=False, remove=True, yes=False), Out(json=False)
    state = str(layout(empty_project).state)
    async with open_stack(SETTINGS, empty_project):
        with pytest.raises(StackError, match="is running") as refused:
            await review_trust(remove, out)
    assert refused.value.fix == "Stop it: `harness down`."
    assert state in read_trust().states
    await stop_stack(SETTINGS, empty_project)
    assert await review_trust(remove, out) == 0
    assert state not in read_trust().states


@pytest.mark.slow
async def test_another_namespace_than_the_running_one_is_refused(project: Path) -> None:
    other = Settings(temporal=TemporalSettings(namespace="other"))
    user = User(project, settings=other)
    assert (await user.said())["namespace"] == "other"
    refused = User(project)
    said = await refused.said()
    assert said["code"] == "stack.start_failed"
    assert "'other'" in said["message"] and "harness down" in said["fix"]
    await refused.leave()
    await user.leave()
    pids = await pids_of(project)
    await until(lambda: not any(lives(pid) for pid in pids))
