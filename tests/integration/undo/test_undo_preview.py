"""A dry run says truthfully what has changed since, and changes nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from harness import Agent, Harness, RunHandle, Target, ToolContext, tool
from harness.contracts.effect import UndoReport, UndoStep, undo_id
from harness.contracts.errors import TargetChanged
from harness.contracts.tool import Workspace
from harness.store.effects import Ledger, NewEffect
from harness.tools import delete_file, edit_file, move_file, write_file
from harness.undo import client
from harness_activities import undo_check
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import call, say
from tests.fakes.undoing import world

FILES = [write_file, edit_file, delete_file, move_file]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def told(report: UndoReport) -> list[tuple[int, str, bool | None]]:
    return [(step.turn, step.state, step.changed) for step in report.steps]


def step_of(report: UndoReport, turn: int) -> UndoStep:
    return next(step for step in report.steps if step.turn == turn)


async def write_files(
    harness: Harness, model: ModelServer, name: str, folder: Path
) -> RunHandle[Any]:
    """Several effects on a.txt, and one on each of the others."""
    (folder / "old.txt").write_text("old")
    model.script(
        call("write_file", path="a.txt", content="one"),
        call("edit_file", path="a.txt", old="one", new="two"),
        call("write_file", path="b.txt", content="b"),
        call("move_file", source="old.txt", target="new.txt"),
        call("delete_file", path="a.txt"),
        say("Done."),
    )
    run = await harness.start(Agent(name, tools=FILES), "Write.", workspace=folder)
    await run.outcome()
    return run


async def test_reports_what_was_changed_by_hand(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    run = await write_files(harness, model_server, name, folder)
    clean = await run.undo(dry_run=True)
    assert told(clean) == [(turn, "would_undo", False) for turn in (5, 4, 3, 2, 1)]
    assert step_of(clean, 2).checked == f"follows from the undo of {step_of(clean, 5).call}"

    (folder / "b.txt").write_text("by hand")
    (folder / "new.txt").unlink()
    before = world(folder)
    dry = await run.undo(dry_run=True)
    assert told(dry) == [
        (5, "would_undo", False), (4, "stopped", True), (3, "stopped", True),
        (2, "would_undo", False), (1, "would_undo", False),
    ]  # fmt: skip
    assert step_of(dry, 3).checked == "'b.txt' was changed after the call."
    assert step_of(dry, 4).checked == "'new.txt' is gone."
    stopped = step_of(dry, 4).obstacle
    assert stopped and stopped.code == "tool.changed"
    assert told(await run.undo(2, dry_run=True)) == told(dry)[:3]
    assert world(folder) == before
    assert {row.state for row in await run.effects()} == {"done"}
    real = await run.undo()
    assert [(step.turn, step.state) for step in real.steps] == [(5, "undone"), (4, "stopped")]


async def test_an_effect_that_is_passed_stands_for_older_ones(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    run = await write_files(harness, model_server, name, folder)
    deleted = step_of(await run.undo(dry_run=True), 5).call
    dry = await run.undo(dry_run=True, past=[deleted])
    assert told(dry) == [
        (5, "passed", None), (4, "would_undo", False), (3, "would_undo", False),
        (2, "stopped", True), (1, "would_undo", False),
    ]  # fmt: skip
    assert step_of(dry, 1).checked == "already as before the call"


async def test_a_path_that_leads_out_by_now_is_not_followed(
    harness: Harness, model_server: ModelServer, name: str, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("a")
    model_server.script(
        call("write_file", path="in/a.txt", content="a"),
        call("write_file", path="b.txt", content="b"),
        say("Done."),
    )
    run = await harness.start(Agent(name, tools=FILES), "Write.", workspace=folder)
    await run.outcome()
    (folder / "in/a.txt").rename(folder / "gone")
    (folder / "in").rmdir()
    (folder / "in").symlink_to("../outside")
    (folder / "b.txt").unlink()
    (folder / "b.txt").mkdir()
    dry = await run.undo(dry_run=True)
    assert told(dry) == [(2, "would_undo", None), (1, "would_undo", None)]
    assert step_of(dry, 2).checked == "Not checked: 'b.txt' is a folder."
    assert "refused" in (step_of(dry, 1).checked or "")
    (folder / "b.txt").rmdir()
    dry = await run.undo(dry_run=True)
    assert told(dry) == [(2, "would_undo", False), (1, "stopped", True)]


async def test_links_are_one_target_with_what_they_lead_to(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    (folder / "d").mkdir()
    (folder / "link").symlink_to("d/a")
    model_server.script(
        call("write_file", path="d/a", content="1"),
        call("write_file", path="link", content="2"),
        call("write_file", path="d/a", content="3"),
        say("Done."),
    )
    run = await harness.start(Agent(name, tools=FILES), "Write.", workspace=folder)
    await run.outcome()
    dry = await run.undo(dry_run=True)
    assert told(dry) == [(turn, "would_undo", False) for turn in (3, 2, 1)]


ORDERS: dict[str, str] = {}


@tool
async def order(ctx: ToolContext[None], item: str) -> str:
    "Order."
    ORDERS[item] = ctx.run
    ctx.receipt({"item": item})
    return "ordered"


@order.undo
def cancel(ctx: ToolContext[None], receipt: dict[str, str]) -> str:
    return f"cancelled {ORDERS.pop(receipt['item'])}"


@order.check
async def look_at_order(ctx: ToolContext[None], receipt: dict[str, str]) -> Target:
    item = receipt["item"]
    if item == "hang":
        while True:  # even when it is cancelled
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if item not in ORDERS:
                    raise
    if item == "raise":
        raise ValueError("broken\0")
    if item == "cancel":
        raise asyncio.CancelledError
    if item == "changed":
        raise TargetChanged("It was shipped.")
    if item == "large":
        return Target(name=item, now="x" * 1_000_000, after=1, before=None)
    if item == "write":
        async with ctx.transaction() as connection:
            await connection.execute("CREATE TABLE pwned ()")
    return Target(name=item, now=item in ORDERS, after=True, before=False)


@tool
async def note() -> str:
    "Note."
    return "noted"


@note.undo
def remove_note(ctx: ToolContext[None], receipt: None) -> str:
    return "removed"


async def test_a_hostile_check_is_not_checked_and_changes_nothing(
    harness: Harness, model_server: ModelServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo_check, "EACH_S", 0.2)
    items = ["tea", "changed", "hang", "raise", "cancel", "large", "write"]
    model_server.script(*(call("order", item=item) for item in items), call("note"), say("Done."))
    run = await harness.start(Agent(name, tools=[order, note]), "Order.")
    await run.outcome()
    dry = await run.undo(dry_run=True)
    why = {step.turn: step.checked or "" for step in dry.steps}
    assert {step.state for step in dry.steps} == {"would_undo"}
    assert [step.changed for step in dry.steps] == [None] * 7 + [False]
    assert why[8] == "Not checked: note has no check."
    assert "only reads has no transaction" in why[7]
    assert "1,000,002 bytes" in why[6]
    assert "cancelled" in why[5]
    assert "ValueError: broken\ufffd" in why[4]
    assert "took over 0.2 s" in why[3]
    assert why[2].startswith("It was shipped.") and "was not checked" in why[2]
    assert "ORDERS" not in why[1] and why[1] == "as the call left it"
    assert {row.state for row in await run.effects()} == {"done"}
    ORDERS.clear()  # ends the check that hangs


async def test_checks_end_in_time_together(
    harness: Harness, model_server: ModelServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo_check, "TOTAL_S", -1.0)
    model_server.script(call("order", item="tea"), say("Done."))
    run = await harness.start(Agent(name, tools=[order]), "Order.")
    await run.outcome()
    (step,) = (await run.undo(dry_run=True)).steps
    assert step.changed is None
    assert "The checks took over" in (step.checked or "")


async def begin_elsewhere(harness: Harness, run: str, turn: int, **fields: Any) -> None:
    """An effect whose worker is gone."""
    connection = harness.connection
    ledger = Ledger(connection.database, connection.vault)
    new: dict[str, Any] = {
        "key": f"{run}-{turn}", "origin": run, "run": run, "turn": turn, "call": f"c{turn}",
        "tool": "write_file", "effect": "write", "arguments": {"path": f"{turn}.txt"}, **fields,
    }  # fmt: skip
    await ledger.release(await ledger.begin(NewEffect(**new)))
    await ledger.close()


async def test_without_a_worker_it_says_so_at_once(
    harness: Harness, remote: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    run = await write_files(harness, model_server, name, folder)
    unserved = f"{name}-x"
    await begin_elsewhere(harness, run.id, 6, agent=unserved, effect="irreversible")
    await begin_elsewhere(harness, run.id, 7, agent=unserved)
    rows = await run.effects()
    dry = await remote.get_run(run.id).undo(3, dry_run=True, past=[rows[3].call])
    assert told(dry) == [
        (7, "would_undo", None), (6, "stopped", None), (5, "would_undo", None),
        (4, "passed", None),
    ]  # fmt: skip
    assert step_of(dry, 7).checked == f"Not checked: no worker serves {unserved}."
    assert (await remote.get_run(run.id).undo(7, dry_run=True)).steps == ()


async def test_a_worker_that_does_not_answer_is_not_waited_for(
    harness: Harness, model_server: ModelServer, name: str, folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run = await write_files(harness, model_server, name, folder)
    monkeypatch.setattr(client, "PREVIEW_S", 0.0)
    dry = await run.undo(4, dry_run=True)
    assert told(dry) == [(5, "would_undo", None)]
    assert "no worker" in (step_of(dry, 5).checked or "")
    monkeypatch.undo()
    assert told(await run.undo(4, dry_run=True)) == [(5, "would_undo", False)]


async def test_a_worker_that_has_just_stopped_is_not_waited_for(
    harness: Harness, remote: Harness, model_server: ModelServer, name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Temporal still lists it."""
    model_server.script(call("order", item="tea"), say("Done."))
    run = await harness.start(Agent(name, tools=[order]), "Order.")
    await run.outcome()
    await begin_elsewhere(harness, run.id, 2, agent=f"{name}-x")

    async def polled(*_: object) -> bool:
        return True

    monkeypatch.setattr(client, "_is_polled", polled)
    monkeypatch.setattr(client, "UNTAKEN_S", 0.2)
    dry = await remote.get_run(run.id).undo(dry_run=True)
    assert [step.changed for step in dry.steps] == [None, None]
    assert step_of(dry, 1).checked == f"Not checked: no worker of {name}-x answered in time."
    handle = harness.connection.temporal.get_workflow_handle(undo_id(run.id))
    assert (await handle.describe()).status is WorkflowExecutionStatus.TERMINATED
    ORDERS.clear()


async def test_an_absent_host_is_reported_and_the_rest_is_checked(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("order", item="tea"), say("Done."))
    run = await harness.start(Agent(name, tools=[*FILES, order]), "Order.")
    await run.outcome()
    away = Workspace(host="away", root="/away")
    receipt = {"changes": [{"path": "a.txt", "after": {"digest": "x"}}]}
    await begin_elsewhere(harness, run.id, 2, agent=name, workspace=away, receipt=receipt)
    await begin_elsewhere(harness, run.id, 3, agent=name)
    dry = await run.undo(dry_run=True)
    assert told(dry) == [(3, "stopped", None), (2, "would_undo", None), (1, "would_undo", False)]
    assert "away" in (step_of(dry, 2).checked or "")
    ORDERS.clear()


async def test_different_dry_runs_wait_for_each_other(
    harness: Harness, model_server: ModelServer, name: str, folder: Path
) -> None:
    run = await write_files(harness, model_server, name, folder)
    reports = await asyncio.gather(*(run.undo(turn, dry_run=True) for turn in (0, 1, 2, 2)))
    assert [len(report.steps) for report in reports] == [5, 4, 3, 3]
