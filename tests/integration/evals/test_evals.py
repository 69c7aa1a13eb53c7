"""Evaluations over a real engine: runs, judges, replays, budgets, stop and resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness, Observed, ToolContext, tool
from harness.cli.evals.serve import serve_code
from harness.contracts.errors import EvalInvalid, EvalNotFound
from harness.evals import client, sources
from harness.evals.checks import Exact, Function, Judge, Recorded, Trajectory
from harness.evals.judge import make_judge
from harness.evals.workspaces import find_copies
from harness.runs.listing import list_runs
from harness.sdk.local import host_agents
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import Say, Used, call, say
from tests.integration.evals.conftest import Ended, add, cases


def prompt(body: dict[str, Any]) -> str:
    """The text of the first message of a request."""
    content = body["input"][0]["content"]
    return content if isinstance(content, str) else content[0]["text"]


def echo(body: dict[str, Any]) -> Say:
    """What the prompt says; a judge likes what is polite."""
    text = prompt(body)
    if "<rubric" in text:
        score = 0.9 if "please" in text.partition("<answer")[2] else 0.1
        return say(f'{{"score": {score}, "reason": "graded"}}')
    return say("wrong" if "wrong" in text else text)


@pytest.mark.slow
async def test_cases_are_run_checked_and_judged(
    harness: Harness, model_server: ModelServer, name: str, ended: Ended
) -> None:
    model_server.always(echo)
    judge = Judge(kind="judge", name="polite", rubric="It says please.")
    checks = (Exact(kind="exact", name="exact"), judge)
    agent = Agent(name)
    await harness.serve(agent)
    await harness.serve(make_judge(judge, f"{name}-judge"))
    given = cases("please", "go", "wrong, please")
    id = await add(harness.connection, agent, given, checks=checks, repeats=2)
    await client.start_eval(harness.connection, id)
    row = await ended(id)
    assert (row.state, row.done, row.passed) == ("done", 6, 2)
    assert len(model_server.calls) == 12
    report = await client.report_eval(harness.connection, id)
    [cell] = report.cells
    assert [(each.name, each.passed) for each in cell.checks] == [("exact", 4), ("polite", 2)]
    assert (cell.rate, cell.pass_hat, cell.tokens) == (
        pytest.approx(1 / 3),
        pytest.approx(1 / 3),
        720,
    )
    assert cell.judge_tokens == 720
    assert {each.case for each in report.failing} == {"go", "wrong, please"}
    [run] = {each.run for each in report.failing if each.case == "go" and each.repeat == 0}
    assert (await harness.get_run(run or "").result()).text == "go"
    await client.start_eval(harness.connection, id)  # again: everything has a result
    assert (await ended(id)).state == "done"
    assert len(model_server.calls) == 12
    with pytest.raises(EvalNotFound):
        await client.report_eval(harness.connection, id, baseline="last")
    again = await add(harness.connection, agent, given, checks=checks, repeats=2)
    await client.start_eval(harness.connection, again)
    await ended(again)
    [found] = (await client.report_eval(harness.connection, again, baseline="last")).comparisons
    assert (found.baseline, found.change, found.verdict) == (id, 0.0, "no difference")


async def test_recorded_runs_are_replayed_with_the_agent_as_it_is_now(
    harness: Harness, model_server: ModelServer, name: str, ended: Ended
) -> None:
    paid: list[str] = []

    @tool(effect="write")
    def pay(to: str) -> str:
        "Pay somebody."
        paid.append(to)
        return f"paid {to}"

    def old(body: dict[str, Any]) -> Say:
        asked = "function_call_output" in str(body["input"][-1])
        return say("Done.") if asked else call("pay", to="ann")

    def new(body: dict[str, Any]) -> Say:
        assert "Be brief." in str(body)
        return old(body) if "pay" in prompt(body) else say("Another answer.")

    model_server.always(old)
    agent = Agent(name, tools=[pay])
    for text in ("pay ann", "do it"):
        await harness.run(agent, text)
    assert paid == ["ann", "ann"]
    version = Agent(name, instructions="Be brief.", tools=[pay])
    model_server.always(new)
    query = f"HarnessAgent = '{name}'"
    given = await eventually(
        lambda: sources.replay_cases(harness.connection, query, None), lambda found: len(found) == 2
    )
    checks = (
        Recorded(kind="recorded", name="recorded", calls=True),
        Trajectory(kind="trajectory", name="pays", tools=("pay",)),
    )
    id = await add(harness.connection, version, given, checks=checks, replay=True)
    await client.start_eval(harness.connection, id)
    assert (await ended(id)).state == "done"
    assert paid == ["ann", "ann"]  # answered from the record
    report = await client.report_eval(harness.connection, id)
    [found] = report.comparisons
    assert (found.baseline, found.before, found.after, found.worse) == ("recorded", 1.0, 0.5, 1)
    [failing] = report.failing
    assert [each.passed for each in failing.checks] == [False, False]
    with pytest.raises(EvalInvalid, match="No ended run"):  # what-ifs are not evaluated again
        await sources.find_runs(harness.connection, f"HarnessForkOf = '{given[0].source}'", None)


async def test_no_run_starts_over_the_budget(
    harness: Harness, model_server: ModelServer, name: str, ended: Ended
) -> None:
    model_server.always(say("5", used=Used(input=900, output=100)))
    agent = Agent(name)
    await harness.serve(agent)
    given = cases(*(str(n) for n in range(6)))
    id = await add(harness.connection, agent, given, concurrency=1, most_tokens=2_000)
    await client.start_eval(harness.connection, id)
    row = await ended(id)
    assert (row.state, row.done, row.tokens) == ("over_budget", 2, 2_000)
    assert (await client.report_eval(harness.connection, id)).faults


@pytest.mark.slow
async def test_a_stopped_evaluation_goes_on_where_it_was(
    remote: Harness, model_server: ModelServer, name: str, ended: Ended
) -> None:
    """Its process leaves in the middle, and another one resumes it."""
    model_server.always(echo)
    agent, connection = Agent(name), remote.connection
    id = await add(connection, agent, cases(*"abcdef"), concurrency=1)
    await client.start_eval(connection, id)
    async with host_agents(connection, capabilities_after=0) as serving:
        await serving.serve(agent)
        await eventually(lambda: client.find_eval(connection, id), lambda row: row.done >= 1, 30)
        await client.stop_eval(connection, id)
        row = await ended(id)
        assert row.state == "stopped"
        assert 1 <= row.done < 6
        await client.start_eval(connection, id)
        row = await ended(id)
    assert (row.state, row.done, row.passed) == ("done", 6, 6)
    assert sorted(prompt(each.body) for each in model_server.calls) == list("abcdef")
    rows = [each async for each in list_runs(connection, f"HarnessAgent = '{name}'")]
    assert len(rows) <= 6


async def test_each_run_works_in_its_own_copy_of_a_folder(
    harness: Harness, model_server: ModelServer, name: str, ended: Ended, tmp_path: Path
) -> None:
    @tool(effect="write", on_unknown="retry", workspace=True)
    def mark(context: ToolContext[None]) -> str:
        "Count how often this folder was marked."
        file = context.workspace / "marks.txt"
        file.write_text(file.read_text() + "x")
        return file.read_text()

    def write(body: dict[str, Any]) -> Say:
        return say("Done.") if "function_call_output" in str(body["input"][-1]) else call("mark")

    def is_marked_once(seen: Observed) -> bool:
        assert seen.workspace is not None
        return (seen.workspace / "marks.txt").read_text() == "x"

    model_server.always(write)
    (tmp_path / "work").mkdir()
    (tmp_path / "work/marks.txt").write_text("")
    copies = find_copies(tmp_path, "work")
    agent, connection = Agent(name, tools=[mark]), harness.connection
    check = Function(kind="function", name="marked once", function="a.py:is_marked_once")
    async with host_agents(connection, capabilities_after=0) as hosting:
        hosting.allow_workspace(copies.folder)
        await hosting.serve(agent)
        id = await add(connection, agent, cases("a", "b"), checks=(check,), repeats=2, copies=True)
        async with serve_code(connection, id, {"marked once": is_marked_once}, copies):
            await client.start_eval(connection, id)
            row = await ended(id)
    assert (row.state, row.done, row.passed) == ("done", 4, 4)
    assert (tmp_path / "work/marks.txt").read_text() == ""
    assert len([*(copies.folder / id).iterdir()]) == 4
