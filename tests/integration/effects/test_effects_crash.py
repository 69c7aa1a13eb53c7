"""Workers that die during an undo, and workers that are slow but considered dead."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from harness import Agent, Harness, ToolContext, tool
from harness.agent import AnyTool
from harness.config.settings import settings_model
from harness.contracts.message import ToolCall
from harness.contracts.tool import RunTool, ToolOutcome
from harness.store import Ledger
from harness.store.migrate import open_database
from harness_activities.tool_call.activity import ToolActivities
from harness_activities.tool_call.toolbox import Toolbox
from harness_activities.tool_call.workspaces import Workspaces
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import call, say
from tests.fakes.tool_calls import Memory, Said
from tests.fakes.warm_python import warm_python

_UNDOER = """
import asyncio, json, sys, time
from pathlib import Path
from harness import Agent, Harness, tool
from harness.config.settings import settings_model
from harness.store.effects import Ledger

options, project, name, run, point = sys.argv[1:]
book = Path(project) / "book"

def dies(here):
    if here == point:
        print("dead", flush=True)
        time.sleep(60)

@tool
async def note(text: str) -> str:
    "Note."
    return "noted"

@note.undo
async def remove(ctx, receipt):
    lines = book.read_text().split()
    if receipt["text"] == "b":
        dies("before")
    book.write_text("\\n".join(line for line in lines if line != receipt["text"]))
    if receipt["text"] == "b":
        dies("in")

undone = Ledger.mark_undone
async def after(self, hold, *args, **kwargs):
    await undone(self, hold, *args, **kwargs)
    dies("after")
Ledger.mark_undone = after

async def main():
    settings = settings_model().model_validate(json.loads(options))
    async with Harness.local(project=Path(project), settings=settings) as harness:
        await harness.serve(Agent(name, tools=[note]))
        await harness.get_run(run).undo()

asyncio.run(main())
"""


def noter(name: str, project: Path) -> tuple[Agent[None, str], list[str]]:
    book, undone = project / "book", list[str]()

    @tool
    async def note(text: str, ctx: ToolContext[None]) -> str:
        "Note."
        with book.open("a") as lines:
            lines.write(f"{text}\n")
        ctx.receipt({"text": text})
        return "noted"

    @note.undo
    async def remove(ctx: ToolContext[None], receipt: dict[str, str]) -> None:
        undone.append(receipt["text"])
        lines = book.read_text().split()
        book.write_text("\n".join(line for line in lines if line != receipt["text"]))

    return Agent(name, tools=[note]), undone


@pytest.mark.parametrize(
    "point",
    [
        "in",
        pytest.param("before", marks=pytest.mark.slow),
        pytest.param("after", marks=pytest.mark.slow),
    ],
)
async def test_an_undo_survives_the_death_of_its_worker(
    options: dict[str, Any], tmp_path: Path, model_server: ModelServer, name: str,
    point: str,
) -> None:  # fmt: skip
    model_server.script(
        call("note", text="a"), call("note", text="b"), call("note", text="c"), say("Done.")
    )
    settings = settings_model().model_validate(options)
    agent, undone = noter(name, tmp_path)
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        run = await harness.start(agent, "Note.")
        await run.outcome()
    child = await asyncio.create_subprocess_exec(
        *warm_python("-c", _UNDOER, json.dumps(options), str(tmp_path), name, run.id, point),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout
    assert (await child.stdout.readline()).split() == [b"dead"]
    child.kill()
    await child.wait()
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        await harness.serve(agent)
        handle = harness.connection.temporal.get_workflow_handle(f"{run.id}.undo")
        report: Any = await handle.result()
        assert [step["state"] for step in report["steps"]] == ["undone"] * 3
        assert {row.state for row in await harness.get_run(run.id).effects()} == {"undone"}
        assert (await harness.get_run(run.id).undo()).steps == ()
    assert (tmp_path / "book").read_text().split() == []
    assert len(undone) == len(set(undone))


async def test_a_worker_that_is_only_slow_is_waited_for(runs_database: str) -> None:
    """The engine has given its call to another worker: both are at it, and one pays."""
    entered, left = asyncio.Event(), asyncio.Event()
    paid: list[str] = []

    @tool(on_unknown="retry")
    async def pay(worker: str) -> str:
        "Pay."
        entered.set()
        await left.wait()
        paid.append("once")
        return "paid"

    async with AsyncExitStack() as stack:
        attempts: list[asyncio.Task[ToolOutcome]] = []
        for attempt in (1, 2):
            box, env = await _worker(stack, runs_database, pay, attempt)
            request = RunTool(
                call=ToolCall(id="c", name="pay", arguments={"worker": "any"}), turn=1
            )
            attempts.append(asyncio.create_task(env.run(ToolActivities(box).run_tool, request)))
            await entered.wait()
        ledger: Any = box.ledger
        await eventually(lambda: _busy(ledger, "slow"))
        left.set()
        outcomes = await asyncio.gather(*attempts)
    assert [outcome.result and outcome.result.content for outcome in outcomes] == ["paid", "paid"]
    assert paid == ["once"]


async def _busy(ledger: Ledger, run: str) -> bool:
    return [row.state for row in await ledger.effects_of_run(run)] == ["begun"]


async def _worker(
    stack: AsyncExitStack, url: str, tool: AnyTool, attempt: int
) -> tuple[Toolbox, ActivityEnvironment]:
    """A worker with a database connection of its own, as in another process."""
    database = await open_database(url, pool_size=2)
    stack.push_async_callback(database.close)
    ledger = Ledger(database)
    stack.push_async_callback(ledger.close)
    box = Toolbox(
        agent=Agent("slow", tools=[tool]), artifacts=Memory(), progress=Said([]), ledger=ledger,
        workspaces=Workspaces([]),
    )  # fmt: skip
    stack.push_async_callback(box.close)
    env = ActivityEnvironment()
    env.info = dataclasses.replace(
        env.info, workflow_id="slow", workflow_run_id=url, attempt=attempt,
        start_to_close_timeout=timedelta(seconds=10),
    )  # fmt: skip
    return box, env
