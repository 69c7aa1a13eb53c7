"""Tools in real runs: what only Temporal, a second attempt or a dead worker reveals."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness, ToolContext, tool
from harness.config.settings import settings_model
from harness.contracts import event as e
from harness.contracts.errors import ToolUnavailable
from harness.contracts.run import RunState
from harness.tools import ask_human, math, read_file, write_file
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, all_events, eventually, give_up, one, only, waiting
from tests.fakes.steps import call, say
from tests.fakes.warm_python import warm_python

_DIES = """
import asyncio, json, os, sys
from pathlib import Path
from harness import Agent, Harness
from harness.config.settings import settings_model
from harness.agent import ToolContext, tool

@tool
async def pay(amount: int, context: ToolContext[None]) -> str:
    "Pay."
    print("key", context.idempotency_key, flush=True)
    await asyncio.Event().wait()
    return "paid"

async def main():
    options, project, name = sys.argv[1:]
    settings = settings_model().model_validate(json.loads(options))
    async with Harness.local(project=Path(project), settings=settings) as harness:
        run = await harness.start(Agent(name, tools=[pay]), "Pay 5.")
        print("run", run.id, flush=True)
        await run.result()

asyncio.run(main())
"""


@pytest.mark.slow
async def test_a_write_whose_worker_was_killed_waits_for_a_person(
    options: dict[str, Any], tmp_path: Path, model_server: ModelServer, name: str
) -> None:
    keys: list[str] = []

    @tool
    async def pay(amount: int, context: ToolContext[None]) -> str:
        "Pay."
        keys.append(context.idempotency_key)
        return "paid"

    model_server.script(call("pay", amount=5), say("Done."))
    child = await asyncio.create_subprocess_exec(
        *warm_python("-c", _DIES, json.dumps(options), str(tmp_path), name),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout
    said = dict([(await child.stdout.readline()).decode().split() for _ in range(2)])
    child.kill()
    await child.wait()
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        await harness.serve(Agent(name, tools=[pay]))
        run = harness.get_run(said["run"])
        [pending] = await waiting(run)
        assert pending.need == "outcome"
        assert "It may have happened" in pending.question
        assert keys == []
        await run.approve()
        assert (await run.outcome()).state is RunState.COMPLETED
    assert keys == [said["key"]]  # the second attempt carries the key of the first


async def test_a_temporarily_failed_write_is_retried_without_asking(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    seen: list[tuple[int, Any]] = []

    @tool
    async def book(ctx: ToolContext[None]) -> str:
        "Book it."
        seen.append((ctx.attempt, ctx.last_heartbeat))
        ctx.heartbeat({"page": ctx.attempt})
        if ctx.attempt < 3:
            raise ToolUnavailable("The line is busy.", retry_after=0.02)
        return "booked"

    model_server.script(call("book"), say("Done."))
    run = await harness.start(Agent(name, tools=[book]), "Book.")
    finished = one(await all_events(run), e.ToolCallFinished)
    assert (finished.ok, finished.content, finished.attempts) == (True, "booked", 3)
    assert seen == [(1, None), (2, {"page": 1}), (3, {"page": 2})]


async def test_the_last_attempt_reports_to_the_model(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    @tool(attempts=2)
    async def book() -> str:
        "Book it."
        raise ToolUnavailable("The line is busy.", retry_after=0.02)

    model_server.script(call("book"), say("It is busy."))
    run = await harness.start(Agent(name, tools=[book]), "Book.")
    events = await all_events(run)
    finished = one(events, e.ToolCallFinished)
    assert (finished.ok, finished.content, finished.attempts) == (False, "The line is busy.", 2)
    assert finished.error and finished.error.code == "tool.temporary"
    assert one(events, e.RunEnded).state is RunState.COMPLETED


@pytest.mark.parametrize("happened", [True, False])
async def test_a_write_that_temporal_timed_out_is_asked_about(
    harness: Harness, model_server: ModelServer, name: str, happened: bool
) -> None:
    gate = Gate(effect="write", on_unknown="retry")
    model_server.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.")
    await gate.entered.wait()
    await give_up(harness, run)
    [pending] = await waiting(run)
    assert pending.need == "outcome"
    assert pending.question.startswith("hold did not finish: ")
    assert "Heartbeat timeout. It may have happened" in pending.question

    async def cut_off() -> bool:
        return gate.cancelled == 1

    await eventually(cut_off)
    gate.left.set()
    await (run.answer("held by hand") if happened else run.approve())
    finished = one(await all_events(run), e.ToolCallFinished)
    assert (finished.ok, finished.content) == (True, "held by hand" if happened else "held it")
    assert gate.calls == (1 if happened else 2)
    assert [row.state for row in await run.effects()] == ["done"]


async def test_a_question_is_answered_by_a_person(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("ask_human", question="Which colour?"), say("Green then."))
    run = await harness.start(Agent(name, tools=[ask_human]), "Paint it.")
    [pending] = await waiting(run)
    assert (pending.need, pending.question) == ("answer", "Which colour?")
    await run.answer("green")
    assert (await run.result()).output == "Green then."
    asked = model_server.calls[1].body["input"]
    assert [i["output"] for i in asked if i.get("type") == "function_call_output"] == ["green"]


async def test_files_of_the_runs_own_folder(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    model_server.script(
        call("write_file", path="notes/a.txt", content="hello"),
        call("read_file", path="notes/a.txt"),
        call("read_file", path="../secret"),
        say("Done."),
    )
    agent = Agent(name, tools=[read_file, write_file])
    run = await harness.start(agent, "Take a note.", workspace=folder)
    written, read, refused = only(await all_events(run), e.ToolCallFinished)
    assert (folder / "notes" / "a.txt").read_text() == "hello"
    assert (written.ok, read.content) == (True, "hello\n[lines 1-1 of 1]")
    assert refused.error and refused.error.code == "tool.confined"


async def test_progress_is_visible_while_the_tool_runs(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    seen = asyncio.Event()

    @tool(effect="read")
    async def walk(ctx: ToolContext[None]) -> str:
        "Walk."
        ctx.progress("half way")
        await seen.wait()
        return "there"

    model_server.script(call("walk"), say("Arrived."))
    run = await harness.start(Agent(name, tools=[walk]), "Walk.")
    async with asyncio.timeout(20):
        async for event in run.events():
            if isinstance(event, e.ToolProgress):
                assert event.text == "half way"
                seen.set()
    assert (await run.result()).output == "Arrived."


async def test_the_model_corrects_an_invalid_call(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(
        call("math", expr="1 + 1"), call("maths", expression="1"), call("math", expression="1 + 1"),
        say("Two."),
    )  # fmt: skip
    run = await harness.start(Agent(name, tools=[math]), "What is 1 + 1?")
    wrong, unknown, right = only(await all_events(run), e.ToolCallFinished)
    assert "did you mean expression?" in wrong.content
    assert "Did you mean math?" in unknown.content
    assert (right.ok, right.content) == (True, "2")
