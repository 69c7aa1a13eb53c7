"""What-if: forks whose tools do not run; the record answers, and what is not in it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Budget, Harness, tool
from harness.agent import Ask
from harness.contracts import event as e
from harness.contracts.errors import HarnessError
from harness.contracts.run import Parent, RunState
from harness.forks.fork import Change
from harness.history.recording import record_run
from harness.replay.check import check
from harness.runs.listing import RunRow, list_runs
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, eventually, one, only, waiting
from tests.fakes.steps import call, calls, say


def results(server: ModelServer) -> list[str]:
    """What the newest request tells of tools, from the provider's side."""
    asked: list[dict[str, Any]] = server.calls[-1].body["input"]
    return [each["output"] for each in asked if each.get("type") == "function_call_output"]


async def list_forks(harness: Harness, run: str) -> list[RunRow]:
    return [row async for row in list_runs(harness.connection, f"HarnessForkOf = '{run}'")]


class World:
    """Counts what reaches it."""

    def __init__(self) -> None:
        self.reads: list[str] = []
        self.writes: list[str] = []

        @tool(effect="read")
        def read(place: str) -> str:
            "Read a place."
            self.reads.append(place)
            return f"{place} is {len(self.reads)}"

        @tool(effect="write")
        def write(what: str) -> str:
            "Write something."
            self.writes.append(what)
            return f"wrote {what}"

        @tool(effect="write", approval="always")
        def note(what: str) -> str:
            "Note something."
            self.writes.append(what)
            return f"noted {what}"

        @tool(effect="read")
        def ask(question: str) -> Ask:
            "Ask a person."
            return Ask(question)

        self.tools = [read, write, note, add, ask]


async def test_reading_a_stored_result_makes_no_deps(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    made: list[str] = []

    @tool(effect="read")
    async def large() -> str:
        "Say much."
        return "long " * 60_000

    agent = Agent(name, tools=[large], deps=lambda: made.append("made"))
    model_server.script(call("large"), say("the end"))
    run = await harness.start(agent, "go")
    await run.result()
    [artifact] = [each.artifact for each in only(await run.trace(), e.ToolCallFinished)]
    model_server.script(call("large"), call("read_result", artifact=artifact), say("the end"))
    [source] = (await run.whatif(0, n=1)).sources
    assert [each.how for each in source.forks[0].calls] == ["played", "ran"]
    assert made == []


async def test_recorded_results_are_played_back_and_nothing_runs(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    world = World()
    agent = Agent(name, instructions="Be brief.", tools=world.tools)
    model_server.script(
        call("read", place="a"), call("write", what="x"), call("read", place="a"),
        call("add", a=1, b=2), say("the end"),
    )  # fmt: skip
    run = await harness.start(agent, "go")
    await run.result()
    before = await run.trace()

    model_server.script(
        call("read", place="a"), call("read", place="a"), call("read", place="a"),
        calls(("write", {"what": "x"}), ("write", {"what": "y"})),
        call("add", b=2.0, a=1), call("add", a=5, b=5), say("the end"),
    )  # fmt: skip
    report = await run.whatif(0, model="openai/gpt-5-mini", n=1)
    [source] = report.sources
    [fork] = source.forks
    told = results(model_server)
    assert told[:4] == ["a is 1", "a is 2", "a is 2", "wrote x"]
    assert "No result of this call of write is recorded" in told[4]
    assert told[5] == "3"
    assert "No result of this call of add" in told[6]
    assert (world.reads, world.writes) == (["a", "a"], ["x"]), "nothing ran again"
    assert [each.how for each in fork.calls] == [
        "played", "played", "played", "played", "refused", "played", "refused",
    ]  # fmt: skip
    assert (fork.verdict, fork.same_answer, fork.same_calls, fork.parts) == ("same", True, 1, 2)
    assert (source.recorded, report.complete) == (4, True)
    assert await harness.get_run(fork.run).effects() == []
    assert await run.trace() == before

    events = await harness.get_run(fork.run).trace()
    started = one(events, e.RunStarted)
    assert (started.parent, started.whatif) == (Parent(run=run.id, turn=0), True)
    kept = await record_run(harness.connection, fork.run, at=0)
    assert kept.spec.labels == {"whatif": report.label}
    await check(kept)

    rows = await eventually(lambda: list_forks(harness, run.id))
    assert [(each.id, each.whatif) for each in rows] == [(fork.run, True)]


async def test_live_reads_run_and_writes_are_refused_still(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    world = World()
    agent = Agent(name, tools=world.tools)
    model_server.script(call("read", place="a"), say("one"))
    run = await harness.start(agent, "go")
    await run.result()
    model_server.script(
        call("read", place="b"), call("write", what="x"), call("note", what="x"),
        call("ask", question="Which?"), call("reed"), call("read"), say("two"),
    )  # fmt: skip
    report = await run.whatif(1, live_reads=True, n=1)
    [fork] = report.forks
    assert [each.how for each in fork.calls] == [
        "ran", "refused", "refused", "refused", "invalid", "invalid",
    ]  # fmt: skip
    assert (world.reads, world.writes) == (["a", "b"], [])
    assert (fork.verdict, fork.output) == ("different", "two")
    assert "a what-if asks no person" in results(model_server)[4]


async def test_what_people_said_is_played_back(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    world = World()
    agent = Agent(name, tools=world.tools)
    model_server.script(
        call("ask", question="Which?"), call("note", what="a"), call("note", what="b"),
        say("done"),
    )  # fmt: skip
    run = await harness.start(agent, "go")
    await waiting(run)
    await run.answer("the blue one")
    [asked] = await waiting(run)
    while asked.turn != 2:
        [asked] = await waiting(run)
    await run.decide("edit", arguments={"what": "c"})
    while asked.turn != 3:
        [asked] = await waiting(run)
    await run.reject(note="enough")
    await run.result()
    assert world.writes == ["c"]

    model_server.script(
        call("ask", question="Which?"), call("note", what="a"), call("note", what="c"),
        call("note", what="b"), say("done"),
    )  # fmt: skip
    [fork] = (await run.whatif(0, n=1)).forks
    assert fork.state is RunState.COMPLETED
    told = results(model_server)
    assert told[:3] == ["the blue one", "noted c", "noted c"]
    assert "refused this call: enough" in told[3]
    assert {each.how for each in fork.calls} == {"played"}
    assert world.writes == ["c"]


async def test_a_what_if_of_a_fork_knows_what_its_parent_did(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    world = World()
    agent = Agent(name, tools=world.tools)
    model_server.script(
        call("read", place="a"), call("read", place="b"), call("read", place="c"), say("one")
    )
    run = await harness.start(agent, "go")
    await run.result()
    model_server.script(call("read", place="d"), say("two"))
    fork = await run.fork(2)
    await fork.result()
    model_server.script(
        *(call("read", place=place) for place in "abcde"), say("three")
    )  # fmt: skip
    [asked] = (await fork.whatif(2, n=1)).forks
    assert [each.how for each in asked.calls] == ["played"] * 4 + ["refused"]
    assert results(model_server)[2:6] == ["a is 1", "b is 2", "c is 3", "d is 4"]
    model_server.script(call("read", place="e"), call("read", place="a"), say("four"))
    [again] = (await harness.get_run(asked.run, agent).whatif(2, n=1)).forks
    assert [each.how for each in again.calls] == ["refused", "played"], "a refusal is no result"


async def test_results_are_edited_where_they_are_kept_and_where_they_are_played_back(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    world = World()
    agent = Agent(name, tools=world.tools)
    model_server.script(
        call("read", place="a"), call("read", place="b"), call("read", place="c"), say("end")
    )
    run = await harness.start(agent, "go")
    await run.result()
    ids = [each.call.id for each in only(await run.trace(), e.ToolCallRequested)]
    model_server.script(call("read", place="c"), say("end"))
    await run.whatif(2, results={ids[0]: "A", ids[2]: "C"}, n=1)
    assert results(model_server) == ["A", "b is 2", "C"]


async def test_many_sources_many_forks_and_those_that_cannot_be_asked(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, tools=World().tools, budget=Budget(turns=3, ask=True))
    model_server.script(say("one"), say("two"))
    runs = [await harness.start(agent, "go") for _ in range(2)]
    answers = [(await run.result()).output for run in runs]
    model_server.always(say(answers[0]))
    told: list[str | None] = []
    report = await harness.whatif(
        [runs[0].id, runs[1].id, "nobody"],
        0,
        Change(hint="again"),
        n=3,
        agent=agent,
        progress=lambda source, fork: told.append(fork.run if fork else None),
    )
    assert [(s.count("same"), s.count("different")) for s in report.sources] == [
        (3, 0), (0, 3), (0, 0),
    ]  # fmt: skip
    assert report.sources[2].error is not None
    assert report.sources[2].error.code == "run.not_found"
    assert report.complete is False
    assert len(told) == 7
    assert set(told) == {each.run for each in report.forks} | {None}
    with pytest.raises(HarnessError, match="needs at least one fork"):
        await runs[0].whatif(0, n=0)
    with pytest.raises(HarnessError, match="11 runs with 1,000 forks each is too many"):
        await harness.whatif([each.id for each in runs] * 5 + ["nobody"], 0, n=1_000)

    model_server.always(call("read", place="x"))
    [ended] = (await runs[0].whatif(0, n=1)).forks
    assert (ended.state, ended.verdict) == (RunState.FAILED, "failed")
    assert ended.error is not None
    assert ended.error.code == "run.budget", "it asks nobody for more"
