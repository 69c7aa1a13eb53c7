"""Undo: what runs did to files and elsewhere is taken back, the newest first, once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from harness import Agent, Harness, ToolContext, tool
from harness.contracts.effect import EffectRow, UndoReport, UndoSpec, undo_id
from harness.contracts.errors import HarnessError, ToolUnavailable
from harness.contracts.run import RunState
from harness.tools import delete_file, edit_file, move_file, write_file
from harness.undo import client
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate
from tests.fakes.steps import call, say

FILES = [write_file, edit_file, delete_file, move_file]


def world(folder: Path) -> dict[str, tuple[bytes, int] | None]:
    """Every file with its bytes and mode, every folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode)
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


def states(rows: list[EffectRow]) -> list[str]:
    return [row.state for row in rows]


def told(report: UndoReport) -> list[tuple[int, str]]:
    return [(step.turn, step.state) for step in report.steps]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


async def test_files_go_back_to_any_turn(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    (folder / "a.txt").write_bytes(b"one\r\n\xff")
    (folder / "a.txt").chmod(0o750)
    (folder / "b.txt").write_text("two")
    before = world(folder)
    model_server.script(
        call("edit_file", path="a.txt", old="one", new="1"),
        call("write_file", path="new/deep/c.txt", content="three"),
        call("move_file", source="b.txt", target="new/b.txt"),
        call("delete_file", path="a.txt"),
        say("Done."),
    )
    run = await harness.start(Agent(name, tools=FILES), "Tidy up.", workspace=folder)
    assert (await run.outcome()).state is RunState.COMPLETED
    assert sorted(world(folder)) == ["new", "new/b.txt", "new/deep", "new/deep/c.txt"]
    assert states(await run.effects()) == ["done"] * 4

    dry = await run.undo(dry_run=True)
    assert told(dry) == [(turn, "would_undo") for turn in (4, 3, 2, 1)]
    assert states(await run.effects()) == ["done"] * 4

    assert told(await run.undo(2)) == [(4, "undone"), (3, "undone")]
    assert (folder / "a.txt").read_bytes() == b"1\r\n\xff"
    assert (folder / "a.txt").stat().st_mode & 0o777 == 0o750
    assert (folder / "b.txt").read_text() == "two"
    assert (folder / "new/deep/c.txt").read_text() == "three"

    report = await run.undo()
    assert told(report) == [(2, "undone"), (1, "undone")]
    assert report.stopped is None
    assert world(folder) == before
    assert (await run.undo()).steps == ()
    assert world(folder) == before
    assert states(await run.effects()) == ["undone"] * 4


async def test_a_changed_world_stops_an_undo_until_it_is_resumed(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    model_server.script(
        call("write_file", path="a.txt", content="a"),
        call("write_file", path="b.txt", content="b"),
        say("Done."),
    )
    run = await harness.start(Agent(name, tools=FILES), "Write.", workspace=folder)
    await run.outcome()
    (folder / "b.txt").write_text("by hand")
    report = await run.undo()
    assert report.stopped and report.stopped.obstacle
    assert report.stopped.obstacle.code == "tool.changed"
    assert "b.txt" in report.stopped.obstacle.message
    assert sorted(world(folder)) == ["a.txt", "b.txt"]
    assert states(await run.effects()) == ["done", "done"]
    past = await run.undo(past=[report.stopped.call])
    assert told(past) == [(2, "passed"), (1, "undone")]
    assert world(folder) == {"b.txt": (b"by hand", (folder / "b.txt").stat().st_mode)}
    with pytest.raises(HarnessError, match="has no effect"):
        await run.undo(past=["nonsense"])


@tool(effect="irreversible")
async def launch() -> str:
    "Launch."
    return "launched"


@tool
async def plain() -> str:
    "Write without an undo."
    return "written"


async def test_what_cannot_be_undone_stops_it(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    taken: list[Any] = []

    @tool
    async def note(ctx: ToolContext[None], text: str) -> str:
        "Note."
        ctx.receipt({"text": text})
        return "noted"

    @note.undo
    def remove(ctx: ToolContext[None], receipt: dict[str, str]) -> str:
        taken.append((receipt, ctx.run, ctx.idempotency_key))
        return "removed"

    model_server.script(
        call("note", text="x"), call("launch"), call("note", text="y"), call("plain"), say("Done.")
    )
    agent = Agent(name, tools=[note, launch, plain])
    run = await harness.start(agent, "Go.")
    await run.outcome()
    dry = await run.undo(dry_run=True)
    assert told(dry) == [(4, "stopped"), (3, "would_undo"), (2, "stopped"), (1, "would_undo")]
    codes = [step.obstacle.code for step in dry.steps if step.obstacle]
    assert codes == ["tool.no_undo", "tool.irreversible"]
    assert told(await run.undo()) == [(4, "stopped")]
    unplain, irreversible = dry.steps[0].call, dry.steps[2].call
    assert told(await run.undo(past=[unplain])) == [
        (4, "passed"), (3, "undone"), (2, "stopped"),
    ]  # fmt: skip
    report = await run.undo(past=[unplain, irreversible])
    assert told(report) == [(4, "passed"), (2, "passed"), (1, "undone")]
    assert report.steps[-1].said == "removed"
    rows = await run.effects()
    assert [(receipt["text"], run_id) for receipt, run_id, _ in taken] == [
        ("y", run.id), ("x", run.id),
    ]  # fmt: skip
    assert {key for *_, key in taken}.isdisjoint({row.key for row in rows})


async def test_effects_of_a_terminated_run_are_undone(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    gate = Gate()
    model_server.script(call("write_file", path="a.txt", content="a"), call("hold", what="it"))
    agent = Agent(name, tools=[*FILES, gate.tool])
    run = await harness.start(agent, "Write.", workspace=folder)
    await gate.entered.wait()
    with pytest.raises(HarnessError, match="still running"):
        await run.undo()
    await harness.connection.temporal.get_workflow_handle(run.id).terminate("enough")
    assert told(await run.undo(1)) == []
    assert told(await run.undo()) == [(1, "undone")]
    assert world(folder) == {}


async def test_a_failed_undo_changes_nothing_and_can_be_made_again(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    tries: list[int] = []

    @tool
    async def note() -> str:
        "Note."
        return "noted"

    @note.undo
    async def remove(ctx: ToolContext[None], receipt: None) -> None:
        tries.append(ctx.attempt)
        if ctx.attempt == 1:
            raise ToolUnavailable("The line is busy.", retry_after=0.02)
        if len(tries) < 3:
            raise ValueError("broken")

    model_server.script(call("note"), say("Done."))
    run = await harness.start(Agent(name, tools=[note]), "Go.")
    await run.outcome()
    report = await run.undo()
    assert report.stopped and report.stopped.obstacle
    assert "ValueError: broken" in report.stopped.obstacle.message
    assert states(await run.effects()) == ["done"]
    assert told(await run.undo()) == [(1, "undone")]
    assert tries == [1, 2, 1, 2]
    assert states(await run.effects()) == ["undone"]


async def test_an_unknown_run_has_no_effects(harness: Harness) -> None:
    for asked in (harness.get_run("nowhere").effects(), harness.get_run("nowhere").undo()):
        with pytest.raises(HarnessError) as caught:
            await asked
        assert caught.value.code == "run.not_found"


async def test_a_run_is_undone_by_one_at_a_time(
    harness: Harness, model_server: ModelServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, left = asyncio.Event(), asyncio.Event()

    @tool
    async def note() -> str:
        "Note."
        return "noted"

    @note.undo
    async def remove(ctx: ToolContext[None], receipt: Any) -> None:
        entered.set()
        await left.wait()

    model_server.script(call("note"), say("Done."))
    run = await harness.start(Agent(name, tools=[note]), "Go.")
    await run.outcome()
    first = asyncio.create_task(run.undo())
    await entered.wait()
    with pytest.raises(HarnessError, match="is in progress"):
        await run.undo(0)
    has_joined = _observe_join(monkeypatch)
    joined = asyncio.create_task(run.undo())
    await has_joined.wait()  # or it might come when the first one has ended
    left.set()
    assert told(await first) == told(await joined) == [(1, "undone")]


def _observe_join(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once an undo has joined another one."""
    joined, join = asyncio.Event(), client._join_undo  # pyright: ignore[reportPrivateUsage]

    async def observed(*arguments: Any) -> Any:
        handle = await join(*arguments)
        joined.set()
        return handle

    monkeypatch.setattr(client, "_join_undo", observed)
    return joined


async def test_a_dry_run_that_somebody_left_is_in_nobodys_way(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    model_server.script(call("write_file", path="a.txt", content="a"), say("Done."))
    run = await harness.start(Agent(name, tools=FILES), "Write.", workspace=folder)
    await run.outcome()
    # No worker serves this queue: the dry run stays open.
    connection = harness.connection
    spec = UndoSpec(run=run.id, dry_run=True)
    handle = await client._start_undo(connection, spec, f"{name}-away")  # pyright: ignore[reportPrivateUsage]
    assert told(await run.undo()) == [(1, "undone")]
    description = await connection.temporal.get_workflow_handle(
        undo_id(run.id), run_id=handle.first_execution_run_id
    ).describe()
    assert description.status is WorkflowExecutionStatus.TERMINATED


async def test_a_fork_undoes_only_what_it_did_itself(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    model_server.script(
        call("write_file", path="a.txt", content="a"),
        call("write_file", path="b.txt", content="b"),
        say("Done."),
    )
    run = await harness.start(Agent(name, tools=FILES), "Write.", workspace=folder)
    await run.outcome()
    model_server.script(call("write_file", path="c.txt", content="c"), say("Done."))
    forked = await run.fork(1)
    await forked.outcome()
    assert [row.arguments["path"] for row in await forked.effects()] == ["c.txt"]
    assert sorted(world(folder)) == ["a.txt", "b.txt", "c.txt"]
    assert told(await forked.undo()) == [(2, "undone")]
    assert sorted(world(folder)) == ["a.txt", "b.txt"]
    assert told(await run.undo()) == [(2, "undone"), (1, "undone")]
    assert world(folder) == {}
