"""Runs that take back what they did when they are aborted or fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness, tool
from harness.contracts import event as e
from harness.contracts.effect import Undone, undo_id
from harness.contracts.run import Limits, RunState
from harness.replay.check import check
from harness.runs.published import store_agent
from harness.runs.start import launch_run, pin_spec
from harness.runs.start_request import Request, as_messages
from harness.sdk.handle import RunHandle
from harness.tools import write_file
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, all_events, eventually, one
from tests.fakes.steps import call, fail, say


@tool(effect="irreversible")
async def publish() -> str:
    """Publish."""
    return "published"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def held(
    harness: Harness, model: ModelServer, name: str, folder: Path, *tools: Any, **more: Any
) -> RunHandle[Any]:
    """A run that wrote a file and holds on to a tool."""
    gate = Gate()
    model.script(call("write_file", path="a.txt", content="a"), *more.pop("steps", ()))
    model.always(call("hold", what="it"))
    agent = Agent(name, tools=[write_file, gate.tool, *tools], **more)
    run = await harness.start(agent, "Write.", workspace=folder)
    await gate.entered.wait()
    return run


async def test_an_abort_takes_back_what_the_run_did(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    run = await held(harness, model_server, name, folder)
    assert files(folder) == ["a.txt"]
    await run.abort("enough", undo=True)
    result = await run.outcome()
    assert (result.state, result.reason) == (RunState.ABORTED, "enough")
    assert result.undone == Undone(workflow=undo_id(run.id), count=1)
    assert files(folder) == []
    events = await all_events(run)
    assert one(events, e.AbortRequested).undo is True
    assert one(events, e.UndoStarted).workflow == undo_id(run.id)
    assert one(events, e.EffectsUndone).undone == result.undone
    assert one(events, e.RunEnded).undone == result.undone
    assert (await run.undo()).steps == ()
    await run.export(folder / "run.json")
    await check(folder / "run.json")  # today's code begins the same undo


async def test_an_abort_that_may_not_undo_all_says_where_it_stopped(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    steps = (call("publish"), call("write_file", path="b.txt", content="b"))
    run = await held(harness, model_server, name, folder, publish, steps=steps)
    await run.abort(undo=True)
    result = await run.outcome()
    assert result.state is RunState.ABORTED
    assert result.undone and result.undone.stopped and result.undone.stopped.obstacle
    assert (result.undone.count, result.undone.stopped.turn) == (1, 2)
    assert result.undone.stopped.obstacle.code == "tool.irreversible"
    assert files(folder) == ["a.txt"]
    await run.undo(past=[result.undone.stopped.call])
    assert files(folder) == []


async def test_a_plain_abort_takes_nothing_back(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    run = await held(harness, model_server, name, folder, undo_on_failure=True)
    await run.abort()
    result = await run.outcome()
    assert (result.state, result.undone) == (RunState.ABORTED, None)
    assert files(folder) == ["a.txt"]


async def test_an_abort_typed_by_hand_and_a_cancel_after_it(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    run = await held(harness, model_server, name, folder)
    handle: Any = harness.connection.temporal.get_workflow_handle(run.id)
    await handle.signal("abort", {"reason": "enough", "undo": True})
    await handle.cancel()
    result = await run.outcome()
    assert (result.state, result.undone and result.undone.count) == (RunState.ABORTED, 1)
    assert files(folder) == []


async def test_a_failed_run_takes_back_what_it_did_where_its_agent_says_so(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    wanted: list[tuple[bool, list[str]]] = [(True, []), (False, ["a.txt"])]
    for number, (undo, left) in enumerate(wanted):
        model_server.script(call("write_file", path="a.txt", content="a"), fail(400, "odd"))
        agent = Agent(f"{name}-{number}", tools=[write_file], undo_on_failure=undo)
        run = await harness.start(agent, "Write.", workspace=folder)
        result = await run.outcome()
        assert result.state is RunState.FAILED
        assert result.error and result.error.code == "provider.bad_request"
        assert (result.undone.count if result.undone else None) == (1 if undo else None)
        assert files(folder) == left


async def test_what_is_recovered_from_takes_nothing_back(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    model_server.script(
        call("write_file", path="a.txt", content="a"),
        fail(503, "busy", retry_after=0.01),
        call("no_such_tool"),
        call("write_file", path="../b.txt", content="b"),
        say("Done."),
    )
    agent = Agent(name, tools=[write_file], undo_on_failure=True)
    run = await harness.start(agent, "Write.", workspace=folder)
    result = await run.outcome()
    assert (result.state, result.undone) == (RunState.COMPLETED, None)
    assert files(folder) == ["a.txt"]


async def test_an_undo_that_nobody_can_do_does_not_hold_the_run(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    """The undo's tool waits for a host that is away; the run ends, and the undo goes on."""
    gate = Gate()

    @tool
    async def note() -> str:
        "Note."
        return "noted"

    @note.undo
    async def remove(ctx: Any, receipt: Any) -> str:
        await gate.left.wait()
        return "removed"

    model_server.script(call("note"), fail(400, "odd"))
    agent = Agent(name, tools=[note], undo_on_failure=True)
    await harness.serve(agent)
    stored = await store_agent(harness.connection, agent)
    spec = await pin_spec(harness.connection, stored, Request(messages=as_messages("Note.")))
    temporal = harness.connection.temporal
    quick = spec.model_copy(update={"limits": Limits(undo_wait_s=0.3)})
    await launch_run(harness.connection, quick, f"{name}-1", eager=False, repeatable=False)
    run = harness.get_run(f"{name}-1", agent)
    result = await run.outcome()
    assert result.state is RunState.FAILED
    assert result.undone and result.undone.error
    assert result.undone.error.code == "run.busy"
    gate.left.set()
    await temporal.get_workflow_handle(undo_id(run.id)).result()
    rows = await eventually(run.effects, lambda rows: rows[0].state == "undone")
    assert rows[0].note == "removed"
