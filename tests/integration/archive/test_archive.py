"""Ended runs are sealed, and read the same once the engine has forgotten them."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Harness
from harness.archive import sweep
from harness.archive.verify import verify_run
from harness.contracts.errors import SteeringError
from harness.forks.fork import Change
from harness.history.recording import record_run
from harness.replay.check import replay_recordings
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, look
from tests.fakes.steps import call, say


async def ended(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    model.script(call("look", place="north"), say("Nothing there."))
    run = await harness.start(Agent(name, tools=[look]), "Look.", id=name)
    await run.result()
    return run


async def test_a_forgotten_run_reads_the_same(
    harness: Harness, later: Harness, model_server: ModelServer, name: str
) -> None:
    run = await ended(harness, model_server, name)
    before, result, status = await run.trace(), await run.outcome(), await run.status()
    recording = await record_run(harness.connection, run.id, at=1)
    row = await sweep.seal_run(harness.connection, run.id)
    assert (await sweep.seal_run(harness.connection, run.id)).seq == row.seq, "sealed once"

    past: RunHandle[Any] = later.get_run(run.id)
    assert await past.trace() == before
    assert [each for each in await all_events(past) if each.cursor] == before
    assert await past.outcome() == result
    assert (await past.result()).output == "Nothing there."
    assert (await past.status()).model_copy(update={"doing": status.doing}) == status
    assert (await past.pending(), await past.effects()) == ([], [])
    assert (await past.transcript()).head == result.head
    again = await record_run(later.connection, run.id, at=1)
    assert (again.executions, again.nodes) == (recording.executions, recording.nodes)
    assert [each.ok async for each in replay_recordings([again])] == [True]
    verified = await verify_run(later.connection, run.id, row.hash)
    assert (verified.problems, verified.engine) == ((), False)
    assert (await verify_run(harness.connection, run.id)).engine
    assert (await sweep.seal_run(later.connection, run.id)).seq == row.seq

    for steer in (past.abort(), past.hint("go on"), past.approve("x")):
        with pytest.raises(SteeringError, match="has ended"):
            await steer

    model_server.script(say("South, then."))
    agent = Agent(name, tools=[look])
    forked = await later.fork(run.id, 1, Change(hint="and south?"), agent=agent)
    assert (await forked.result()).output == "South, then."
