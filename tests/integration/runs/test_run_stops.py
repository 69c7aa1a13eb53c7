"""The word that a run is being aborted, which goes to the workers ahead of the engine."""

from __future__ import annotations

import pytest

from harness import Agent, Harness
from harness.contracts import event as e
from harness.contracts.run import RunState
from harness_activities.model_call import call as model_call
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, one
from tests.fakes.steps import say, stall


async def test_a_word_ahead_of_the_engine_ends_as_the_abort_that_it_announced(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(stall())
    run = await harness.start(Agent(name), "Talk.")
    await model_server.called(1)
    await harness.connection.stores.stops.announce(run.id)
    await model_server.disconnected(1)
    await run.abort("enough")
    events = await all_events(run)
    assert one(events, e.RunEnded).state is RunState.ABORTED
    assert one(events, e.ModelReplied).interrupted
    assert len(model_server.calls) == 1


async def test_a_word_that_nothing_follows_makes_the_call_again(
    harness: Harness, model_server: ModelServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_call, "CONFIRM_S", 0.05)
    model_server.script(stall(), say("Here I am."))
    run = await harness.start(Agent(name), "Talk.")
    await model_server.called(1)
    await harness.connection.stores.stops.announce(run.id)
    result = await run.result()
    assert (result.state, result.output) == (RunState.COMPLETED, "Here I am.")
    replied = one(await all_events(run), e.ModelReplied)
    assert replied.attempts == 2
    assert replied.last_failure and "an abort was announced" in replied.last_failure.lower()
