"""A database that is older than the engine lacks what a run needs: the run waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.config.settings import settings_model
from harness.contracts.errors import RunError, StoreError
from harness.contracts.run import RunState
from harness.engine.connection import open_connection
from harness.sdk.client import HarnessClient
from harness.sdk.handle import RunHandle
from harness.stack import find_stack
from tests.fakes.model_server import ModelServer
from tests.fakes.postgres import Postgres
from tests.fakes.runs import eventually
from tests.fakes.steps import say
from tests.integration.conftest import Engine

TAKE = "DELETE FROM harness.artifact WHERE id = %s RETURNING size, media_type, content, salt, mac"
BACK = (
    "INSERT INTO harness.artifact (id, size, media_type, content, salt, mac) "
    "VALUES (%s, %s, %s, %s, %s, %s)"
)


async def test_a_run_waits_for_what_the_database_lacks(
    harness: Harness, remote: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(*[say("Done.")] * 3)  # a busy machine may take two
    agent = Agent(name)
    run = await remote.start(agent, "Hello.")
    spec = await remote.connection.stores.specs.put(agent.spec(remote.connection.settings.model))
    [taken] = await remote.connection.database.fetch(TAKE, (spec,))
    # A worker stores the spec that it publishes: this one has another.
    await harness.serve(Agent(name, instructions="Be brief."))
    await eventually(lambda: _waits(run))
    [pending] = (await run.status()).pending
    assert spec in pending.question and "Restore" in pending.question
    await run.approve()  # too early: it waits again
    await eventually(lambda: _waits(run, after=pending.since))
    await remote.connection.database.fetch(BACK, (spec, *taken))
    await run.approve()
    assert (await run.outcome()).state is RunState.COMPLETED


async def test_a_database_without_tables_knows_no_run(
    options: dict[str, Any], postgres: Postgres, engine: Engine, tmp_path: Path
) -> None:
    options["database"]["url"] = postgres.create()
    settings = settings_model().model_validate(options)
    await engine.back()
    endpoints = await find_stack(settings, tmp_path)
    assert endpoints is not None
    async with open_connection(settings, endpoints, tmp_path, store=False) as connection:
        with pytest.raises(RunError) as unknown:
            await HarnessClient(connection).get_run("x").trace()
        assert unknown.value.code == "run.not_found"
        await connection.database.close()
        with pytest.raises(StoreError, match="the archive cannot be read"):
            await HarnessClient(connection).get_run("x").trace()


async def _waits(run: RunHandle[Any], after: float = 0.0) -> bool:
    pending = (await run.status()).pending
    return bool(pending) and pending[0].need == "store" and pending[0].since > after
