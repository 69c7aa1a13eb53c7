"""The sweep: what has ended is sealed by whichever worker is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.archive import sweep
from harness.archive.verify import verify_all
from harness.config.settings import settings_model
from harness.contracts.queues import archive_queue
from harness.contracts.seal import Sealed
from harness.history.reader import open_seals
from harness.store.store_id import get_store_id
from harness_workers import capabilities
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import say


@pytest.fixture
def own(
    options: dict[str, Any], fresh_engine: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """A store of the test's own, an engine with few runs, and a sweep that begins at once."""
    monkeypatch.setattr(capabilities, "DELAY_S", 0.0)
    return {
        **options,
        "temporal": {"address": fresh_engine.address, "ui": fresh_engine.ui},
        "database": {"url": database_url, "pool_size": 4},
        "archive": {},
    }


async def test_a_worker_seals_what_has_ended(
    own: dict[str, Any], model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.always(say("Hello."))
    quiet = settings_model().model_validate({**own, "archive": {"enabled": False}})
    async with Harness.local(project=tmp_path, settings=quiet) as harness:
        runs = [await harness.start(Agent(name), "Hello?") for _ in range(3)]
        for run in runs:
            await run.result()
        async with Harness.local(
            project=tmp_path, settings=settings_model().model_validate(own)
        ) as sweeper:
            store = open_seals(harness.connection)

            async def sealed() -> set[str]:
                return {row.run async for row in store.iterate_chain()}

            await eventually(sealed, lambda found: {run.id for run in runs} <= found, 20)
            client = sweeper.connection.temporal
            queue = archive_queue(await get_store_id(harness.connection.database))
            handle = client.get_schedule_handle(queue)

            async def last() -> Any:
                actions = (await handle.describe()).info.recent_actions
                if not actions:
                    return None
                id = actions[-1].action.workflow_id
                return await client.get_workflow_handle(id, result_type=Sealed).result()

            first = await eventually(last, lambda done: done is not None)
            assert first.sealed >= 3
            await handle.trigger()
            again = await eventually(last, lambda done: done.since > first.since)
            assert again.sealed == 0, "what is sealed is left alone"
        report = await verify_all(harness.connection)
        assert (report.problems, report.checked) == ([], report.seals)


async def test_who_is_told_not_to_seal_takes_the_schedule_away(
    own: dict[str, Any], tmp_path: Path
) -> None:
    async with Harness.local(
        project=tmp_path, settings=settings_model().model_validate(own)
    ) as harness:
        client = harness.connection.temporal
        queue = archive_queue(await get_store_id(harness.connection.database))

        async def scheduled() -> bool:
            return queue in [row.id async for row in await client.list_schedules()]

        await eventually(scheduled)
        quiet = settings_model().model_validate({**own, "archive": {"enabled": False}})
        async with Harness.local(project=tmp_path, settings=quiet):
            await eventually(scheduled, lambda found: not found)


async def test_what_is_past_its_time_is_deleted_and_the_chain_stands(
    own: dict[str, Any], model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.always(say("Hello."))
    quiet = {**own, "archive": {"enabled": False, "keep_days": 1e-9}}
    chosen = settings_model().model_validate(quiet)
    async with Harness.local(project=tmp_path, settings=chosen) as harness:
        run = await harness.start(Agent(name), "Hello?")
        await run.result()
        row = await sweep.seal_run(harness.connection, run.id)
        assert await sweep.delete_old(harness.connection) == 1
        assert row.content is not None
        assert not await harness.connection.stores.artifacts.exists(row.content)
        report = await verify_all(harness.connection)
        assert (report.problems, report.deleted, report.checked) == ([], 1, 0)
        assert await sweep.forget_seals(harness.connection, [run.id]) == 0
        assert (await sweep.seal_run(harness.connection, run.id)).seq == row.seq


async def test_what_is_too_much_for_one_pass_is_left_for_the_next(
    own: dict[str, Any], model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.always(say("Hello."))
    quiet = settings_model().model_validate({**own, "archive": {"enabled": False}})
    async with Harness.local(project=tmp_path, settings=quiet) as harness:
        for _ in range(3):
            await (await harness.start(Agent(name), "Hello?")).result()

        async def left() -> int:
            return len([each async for each in sweep.find_unsealed(harness.connection)])

        count = await eventually(left, lambda found: found >= 3)
        first = await sweep.seal_ended(harness.connection, limit=2)
        assert (first.sealed, first.more) == (2, True)
        rest = await sweep.seal_ended(harness.connection, first.since)
        assert (rest.sealed, rest.more, rest.failed) == (count - 2, None, 0)
        assert (await sweep.seal_ended(harness.connection, rest.since)).sealed == 0
