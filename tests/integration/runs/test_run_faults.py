"""Workers, the engine and the database are killed in the middle; the run ends right, and who reads
it all the while sees each event once and one text."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.service import RPCError

from harness import Agent, Harness
from harness.contracts import event as e
from harness.contracts.run import Limits, RunState
from harness.runs.published import store_agent
from harness.runs.start import launch_run, pin_spec
from harness.runs.start_request import Request, as_messages
from harness.sdk.handle import RunHandle
from tests.fakes.fixtures import forge as forge
from tests.fakes.model_server import ModelServer
from tests.fakes.postgres import Postgres
from tests.fakes.runs import (
    Gate,
    add,
    all_events,
    cursors,
    eventually,
    one,
    only,
    send,
    valid_transcript,
)
from tests.fakes.stack import pids_of
from tests.fakes.steps import Hang, call, say, stall
from tests.fakes.worker_process import Forge, WorkerProcess, agent
from tests.integration.conftest import Engine

QUICK = Limits(heartbeat_s=3.0)
"""A dead worker is noticed after 3 s instead of 5."""


@pytest.fixture
def worker(
    forge: Forge, options: dict[str, Any], name: str, tmp_path: Path
) -> Iterator[WorkerProcess]:
    process = WorkerProcess(forge, options, name, tmp_path)
    process.start()
    yield process
    process.kill()


async def start(harness: Harness, made: Agent[Any, Any], prompt: str) -> RunHandle[Any]:
    """A run that notices dead workers quickly."""
    stored = await store_agent(harness.connection, made)
    spec = await pin_spec(harness.connection, stored, Request(messages=as_messages(prompt)))
    spec = spec.model_copy(update={"limits": QUICK})
    await launch_run(harness.connection, spec, f"{made.name}-1", eager=False, repeatable=False)
    return harness.get_run(f"{made.name}-1", made)


def watch(run: RunHandle[Any]) -> asyncio.Task[list[e.Event]]:
    return asyncio.create_task(all_events(run, 55))


async def shown(run: RunHandle[Any], test: Callable[[e.Event], bool]) -> None:
    async for event in run.events():
        if test(event):
            return


async def settled(run: RunHandle[Any], watching: asyncio.Task[list[e.Event]]) -> list[e.Event]:
    """What the follower saw is what history says."""
    events = await watching
    assert cursors(events) == cursors(await run.trace())
    assert one(events, e.RunEnded).state is RunState.COMPLETED
    return events


@pytest.mark.slow
async def test_a_worker_killed_in_model_calls(
    remote: Harness, worker: WorkerProcess, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.script(Hang(), stall("Half of it and the rest."), say("All of it.", delay=0.03))
    run = await start(remote, agent(name, tmp_path), "Tell me all.")
    watching = watch(run)
    await model_server.called(1, 30)
    worker.replace()  # before the first token
    await shown(run, lambda event: isinstance(event, e.OutputDelta))
    worker.replace()  # in the middle of the text
    events = await settled(run, watching)
    reply = one(events, e.ModelReplied)
    assert (reply.message.text, reply.attempts) == ("All of it.", 3)
    assert reply.cut is not None
    assert reply.cut.attempts == 2, "one said nothing, one half of it"
    assert reply.cut.usage.estimated
    assert reply.cut.usage.output > 0
    totals = one(events, e.RunEnded).totals
    assert totals is not None
    assert totals.cost_micros == reply.cost_micros, "what was settled is told apart"
    assert totals.cut_micros == reply.cut.cost_micros
    assert (totals.cut_micros or 0) > 0
    assert only(events, e.OutputReset)
    assert len(model_server.calls) == 3


@pytest.mark.slow
async def test_a_worker_killed_between_calls_in_a_tool_and_while_it_waits(
    remote: Harness, worker: WorkerProcess, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    steps = [
        call("add", a=1, b=2), call("dig", where="here"), call("send", to="ann", text="hi"),
        say("All done.", delay=0.01),
    ]  # fmt: skip
    # By what it was told, not by how often it was asked: an answer may get lost.
    model_server.always(lambda body: steps[str(body["input"]).count("function_call_output")])
    (tmp_path / "hold").touch()
    run = await start(remote, agent(name, tmp_path), "Do it all.")
    watching = watch(run)
    await (await model_server.called(1, 30)).ended.wait()
    worker.replace()  # the reply is on its way, or just there
    await eventually(_exists(tmp_path / "digging"), seconds=30)
    worker.kill()  # in the tool
    (tmp_path / "hold").unlink()
    worker.start()
    (pending,) = await eventually(_pending(run), seconds=30)
    worker.replace()  # while it waits
    assert (await eventually(_pending(run), seconds=30))[0].id == pending.id
    await run.approve()
    events = await settled(run, watching)
    contents = [finished.content for finished in only(events, e.ToolCallFinished)]
    assert contents == ["3", "dug at here", "sent 'hi' to ann"]
    assert len(only(events, e.ModelReplied)) == 4
    assert len(model_server.calls) in (4, 5)
    await valid_transcript(remote, one(events, e.RunEnded).head)


async def answers(harness: Harness) -> bool:
    """Whether the engine is back: a worker that starts before it is leaves at once."""
    try:
        await harness.connection.temporal.count_workflows()
    except RPCError:
        return False
    return True


@pytest.mark.slow
async def test_what_was_paid_for_is_not_paid_again(
    remote: Harness,
    engine: Engine,
    worker: WorkerProcess,
    model_server: ModelServer,
    postgres: Postgres,
    runs_database: str,
    name: str,
    tmp_path: Path,
) -> None:
    model_server.script(say("Dear answer.", wait=0.2))
    run = await start(remote, agent(name, tmp_path), "Think hard.")
    watching = watch(run)
    await model_server.called(1, 30)
    # The answer is written down, but cannot be reported: there is no engine for a while.
    supervisor, temporal = await pids_of(engine.project)
    os.kill(supervisor, signal.SIGSTOP)
    try:
        os.kill(temporal, signal.SIGKILL)
        await eventually(_written(postgres, runs_database), seconds=20)
        worker.kill()
    finally:
        os.kill(supervisor, signal.SIGCONT)
    await eventually(lambda: answers(remote), seconds=30)
    worker.start()
    events = await settled(run, watching)
    reply = one(events, e.ModelReplied)
    assert (reply.message.text, reply.recovered) == ("Dear answer.", True)
    assert len(model_server.calls) == 1


async def test_the_engine_killed_in_the_middle(
    harness: Harness, engine: Engine, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(
        call("add", a=1, b=2), say("A long answer with many words in it.", pieces=20, delay=0.05)
    )
    run = await start(harness, await served(harness, Agent(name, tools=[add])), "Add.")
    held = Agent(f"{name}-b", tools=[gate.tool, send])
    watching = watch(run)
    await shown(run, lambda event: isinstance(event, e.OutputDelta))
    await engine.kill()
    events = await settled(run, watching)
    assert only(events, e.ModelReplied)[-1].message.text.startswith("A long answer")

    model_server.script(call("hold", what="it"), call("send", to="ann", text="hi"), say("Done."))
    other = await start(harness, await served(harness, held), "Hold and send.")
    watching = watch(other)
    await gate.entered.wait()
    await engine.kill()
    gate.left.set()
    await eventually(_pending(other), seconds=30)
    await engine.kill()
    await eventually(_pending(other), seconds=30)
    await other.approve()
    await settled(other, watching)


@pytest.mark.slow
async def test_the_database_killed_in_the_middle(
    harness: Harness, postgres: Postgres, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(
        call("hold", what="it"), say("A long answer with many words.", pieces=10, delay=0.05)
    )
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.")
    watching = watch(run)
    await gate.entered.wait()
    postgres.kill()
    try:
        gate.left.set()
        await model_server.called(2)
    finally:
        postgres.start()
    events = await settled(run, watching)
    await valid_transcript(harness, one(events, e.RunEnded).head)

    model_server.script(say("Another answer with many words.", pieces=10, delay=0.05))
    again = await harness.start(Agent(name, tools=[gate.tool]), "Once more.")
    watching = watch(again)
    await shown(again, lambda event: isinstance(event, e.OutputDelta))
    postgres.kill()
    postgres.start()
    events = await settled(again, watching)
    await valid_transcript(harness, one(events, e.RunEnded).head)


async def served(harness: Harness, made: Agent[Any, Any]) -> Agent[Any, Any]:
    await harness.serve(made)
    return made


def _exists(path: Path) -> Any:
    async def look() -> bool:
        return await asyncio.to_thread(path.exists)

    return look


def _pending(run: RunHandle[Any]) -> Any:
    async def look() -> Any:
        try:
            return await run.pending()
        except Exception:  # nobody is there to answer, for a while
            return ()

    return look


def _written(postgres: Postgres, url: str) -> Any:
    async def look() -> bool:
        database = url.rpartition("/")[2]
        found = postgres.execute(
            "SELECT 1 FROM harness.node WHERE position('Dear answer.'::bytea IN body) > 0",
            database,
        )
        return bool(found)

    return look
