"""A run that waits for a limit uses up no attempt of its call; a call that fails does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness import Agent, Harness
from harness.contracts.run import Limits, RunState
from harness.history.retries import list_retries
from harness.limits import client
from harness.limits.views import Limit
from harness.runs.published import store_agent
from harness.runs.start import launch_run, pin_spec
from harness.runs.start_request import Request, as_messages
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.stack import until
from tests.fakes.steps import fail, say


@pytest.fixture
def options(options: dict[str, Any], name: str) -> dict[str, Any]:
    models = {f"openai/{name}": {"max_concurrent": 1}}
    return {**options, "limits": {"models": models, "wait_seconds": 0}}


TWO = Limits(model_attempts=2)
"""Ten attempts would take minutes."""


async def launch(harness: Harness, made: Agent[Any, Any], run: str) -> RunHandle[Any]:
    """Start a run whose model call may fail once. The agent is served already."""
    stored = await store_agent(harness.connection, made)
    spec = await pin_spec(harness.connection, stored, Request(messages=as_messages("go")))
    spec = spec.model_copy(update={"limits": TWO})
    await launch_run(harness.connection, spec, run, eager=False, repeatable=False)
    return harness.get_run(run, made)


async def read_limit(harness: Harness) -> Limit:
    (limit,) = await client.list_limits(harness.connection, ["model"])
    return limit


@pytest.mark.slow
async def test_waiting_uses_up_no_attempt(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, model=f"openai/{name}")
    go = asyncio.Event()
    model_server.always(say("done", until=go))
    first = await harness.start(agent, "go")

    async def is_called() -> bool:
        return len(model_server.calls) == 1

    await until(is_called)
    second = await launch(harness, agent, f"{name}-second")

    async def has_waited() -> bool:
        retries = await list_retries(harness.connection.temporal, second.id)
        return any(each.failed >= 3 and each.attempts == 2 for each in retries)

    await until(has_waited)
    limit = await read_limit(harness)
    assert [each.run for each in limit.queue] == [second.id], "it is shown while it sleeps"
    go.set()
    assert (await first.result()).output == (await second.result()).output == "done"


async def test_failures_use_up_attempts(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, model=f"openai/{name}")
    model_server.script(say("served"))
    model_server.always(fail(500))
    await harness.run(agent, "go")
    run = await launch(harness, agent, f"{name}-fails")
    ended = await run.outcome()
    assert ended.state is RunState.FAILED
    assert ended.error is not None and ended.error.code == "provider.server"
    assert len(model_server.calls) == 1 + 2
