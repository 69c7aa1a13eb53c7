"""A database that is older than the engine lacks what a run needs: the run waits for it."""

from __future__ import annotations

from typing import Any

from harness import Agent, Harness
from harness.client.handle import RunHandle
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import say

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
    spec = await remote.connection.specs.put(agent.spec(remote.connection.settings.model))
    [taken] = await remote.connection.database.fetch(TAKE, (spec,))
    await harness.serve(agent)
    await eventually(lambda: _waits(run))
    [pending] = (await run.status()).pending
    assert spec in pending.question and "Restore" in pending.question
    await run.approve()  # too early: it waits again
    await eventually(lambda: _waits(run, after=pending.since))
    await remote.connection.database.fetch(BACK, (spec, *taken))
    await run.approve()
    assert (await run.outcome()).state is RunState.COMPLETED


async def _waits(run: RunHandle[Any], after: float = 0.0) -> bool:
    pending = (await run.status()).pending
    return bool(pending) and pending[0].need == "store" and pending[0].since > after
