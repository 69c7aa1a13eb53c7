"""A fork keeps turns whole and goes on from there; its parent stays as it was."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from harness import Agent, Harness, tool
from harness.contracts import event as e
from harness.contracts.errors import ConfigError, HarnessError
from harness.contracts.run import Parent
from harness.forks.fork import Change
from harness.history.export import dump_recording, read_file
from harness.history.recording import record_run
from harness.replay.check import check
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, look, one, only, valid_transcript
from tests.fakes.steps import call, say


def asked(server: ModelServer) -> list[dict[str, Any]]:
    """What the newest request holds, from the provider's side."""
    return server.calls[-1].body["input"]


def results(server: ModelServer) -> list[str]:
    return [each["output"] for each in asked(server) if each.get("type") == "function_call_output"]


async def test_a_fork_goes_on_after_a_turn(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    counted: list[str] = []

    @tool(effect="write")
    def note(what: str) -> str:
        "Write it down."
        counted.append(what)
        return f"noted {what}"

    agent = Agent(name, instructions="Be brief.", tools=[note])
    model_server.script(
        call("note", what="a"), call("note", what="b"), say("first end"), say("second end")
    )
    run = await harness.start(agent, "go")
    await run.result()
    before = await run.trace()

    forked = await run.fork(1, hint="otherwise", model="openai/gpt-5-mini", instructions="Be long.")
    assert (await forked.result()).output == "second end"
    assert counted == ["a", "b"], "nothing was run again"
    assert results(model_server) == ["noted a"]
    assert "otherwise" in str(asked(model_server)[-1])
    body = model_server.calls[-1].body
    assert (body["model"], body["instructions"]) == ("gpt-5-mini", "Be long.")

    events = await forked.trace()
    started = one(events, e.RunStarted)
    assert started.parent == Parent(run=run.id, turn=1)
    assert [each.turn for each in only(events, e.ModelCalled)] == [2]
    assert await run.trace() == before
    head = (await forked.outcome()).head
    assert [m.role for m in await valid_transcript(harness, head)] == [
        "user", "assistant", "tool", "user", "assistant",
    ]  # fmt: skip
    await check(await record_run(harness.connection, forked.id, at=0))


async def test_a_result_is_edited_and_a_fork_forked(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, tools=[look])
    model_server.script(
        call("look", place="a"), say("one"), call("look", place="b"), say("two"), say("three")
    )
    run = await harness.start(agent, "go")
    await run.result()
    (wanted,) = [each.call.id for each in only(await run.trace(), e.ToolCallRequested)]
    forked = await run.fork(1, results={wanted: "a treasure"})
    await forked.result()
    assert "a treasure" in results(model_server)

    again = await forked.fork(3, hint="sum up")
    await again.result()
    assert [each.turn for each in only(await again.trace(), e.ModelCalled)] == [4]
    assert results(model_server) == ["a treasure", "nothing at b"]
    with pytest.raises(HarnessError, match=f"is before the start .*{forked.id}") as caught:
        await again.fork(2)
    assert caught.value.code == "run.no_turn"


async def test_results_of_any_kept_turn_are_edited(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, instructions="Be brief.", tools=[look])
    model_server.script(
        call("look", place="a"), call("look", place="b"), call("look", place="c"), say("end"),
        say("otherwise"), say("more"), say("most"),
    )  # fmt: skip
    run = await harness.start(agent, "go")
    head = (await run.outcome()).head
    before = await valid_transcript(harness, head)
    ids = [each.call.id for each in only(await run.trace(), e.ToolCallRequested)]

    forked = await run.fork(
        3, results={ids[0]: "gold", ids[2]: "silver"}, model="openai/gpt-5-mini",
        instructions="Be long.",
    )  # fmt: skip
    assert (await forked.result()).output == "otherwise"
    assert results(model_server) == ["gold", "nothing at b", "silver"]
    body = model_server.calls[-1].body
    assert (body["model"], body["instructions"]) == ("gpt-5-mini", "Be long.")
    assert await valid_transcript(harness, head) == before, "the run's own transcript stays"
    mine = await valid_transcript(harness, (await forked.outcome()).head)
    assert len(mine) == len(before)

    again = await forked.fork(3, results={ids[1]: "bronze"}, hint="again")
    await again.result()
    assert results(model_server) == ["gold", "bronze", "silver"], "turns of the parent are kept"
    with pytest.raises(
        HarnessError, match=r"has no tool result 'x'\. Up to turn 2 it has: "
    ) as bad:
        await run.fork(2, results={"x": "1"})
    assert bad.value.code == "run.no_turn"
    assert f"{ids[0]} (look), {ids[1]} (look)" in str(bad.value)
    assert ids[2] not in str(bad.value)


async def test_a_file_is_forked_with_an_early_result_edited(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.script(call("look", place="a"), call("look", place="b"), say("end"), say("two"))
    run = await harness.start(Agent(name, tools=[look]), "go")
    await run.result()
    [first, _] = [each.call.id for each in only(await run.trace(), e.ToolCallRequested)]
    file = tmp_path / "run.json"
    file.write_text(dump_recording(await record_run(harness.connection, run.id, at=0)), "utf-8")
    change = Change(results={first: "gold"})
    forked: RunHandle[Any] = await harness.fork(read_file(file), 2, change)
    await forked.result()
    assert results(model_server) == ["gold", "nothing at b"]


async def test_what_cannot_be_forked(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="x"), say("done"))
    run = await harness.start(Agent(name, tools=[gate.tool]), "go")
    await gate.entered.wait()
    for at, words in ((-1, "turns start at 1"), (1, "no result of hold yet"), (7, "no turn 7")):
        with pytest.raises(HarnessError, match=words) as caught:
            await run.fork(at)
        assert caught.value.code == "run.no_turn"
    gate.left.set()
    await run.result()
    with pytest.raises(HarnessError, match="nothing to reply to"):
        await run.fork(2)
    with pytest.raises(HarnessError, match="has no tool result 'other'"):
        await run.fork(1, results={"other": "x"})
    with pytest.raises(HarnessError) as caught:
        await harness.get_run("nobody").fork(1)
    assert caught.value.code == "run.not_found"
    with pytest.raises(ConfigError, match="belongs to agent"):
        await harness.get_run(run.id, Agent(f"{name}-other")).fork(1)


async def test_the_start_is_turn_0_and_ids_are_idempotent(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("one"), say("two"))
    run = await harness.start(Agent(name), "go")
    await run.result()
    forked = await run.fork(0, id=f"{name}-again")
    same = await run.fork(0, id=f"{name}-again")
    assert same.id == forked.id
    assert (await same.result()).output == "two"
    assert len(model_server.calls) == 2


async def test_an_exported_file_is_forked_where_nothing_of_it_is_known(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    agent = Agent(name, tools=[look])
    model_server.script(call("look", place="a"), say("one"), say("two"))
    run = await harness.start(agent, "go")
    await run.result()
    file = tmp_path / "run.json"
    file.write_text(
        dump_recording(await record_run(harness.connection, run.id, at=time.time())), "utf-8"
    )
    database = harness.connection.database
    await database.fetch("DELETE FROM harness.answer WHERE run = ANY(%s)", ([run.id],))
    recording = read_file(file)
    await database.fetch("DELETE FROM harness.node WHERE id = ANY(%s)", (list(recording.nodes),))
    forked = await harness.fork(recording, 1, Change(hint="again"), agent=agent)
    assert (await forked.result()).output == "two"
    assert results(model_server) == ["nothing at a"]


async def test_a_turn_of_an_older_history(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    agent = Agent(name, tools=[gate.tool, look])
    model_server.script(
        call("look", place="a"), call("hold", what="x"), call("look", place="b"), say("done"),
        say("again"), say("and again"),
    )  # fmt: skip
    run = await harness.start(agent, "go")
    await gate.entered.wait()
    # The engine suggests a fresh history when this one is large. A plain client sends what ours
    # would store elsewhere.
    client = await Client.connect(harness.connection.endpoints.temporal_address)
    for _ in range(3):
        await client.get_workflow_handle(run.id).signal("nothing", "x" * 1_500_000)
    gate.left.set()
    await run.result()
    recording = await record_run(harness.connection, run.id, at=0)
    assert len(recording.executions) == 2
    assert recording.events == await run.trace()
    for at, found in ((1, ["nothing at a"]), (2, ["nothing at a", "held x"])):
        forked = await run.fork(at)
        await forked.result()
        assert results(model_server) == found
