"""Which code ran, where, and from what a run came, as real parts tell it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import Agent, Harness
from harness.contracts import event as e
from harness.version import __version__
from harness_workers import serve
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, look, one, only, send, waiting
from tests.fakes.steps import call, say, stall

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def repository(folder: Path, commit: str) -> Path:
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text(commit + "\n")
    return folder


async def test_a_worker_of_another_commit_goes_on_with_the_run(
    remote: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    """The engine shows build ids and routes nothing by them: workers are unversioned."""
    model_server.script(call("add", a=1, b=2), call("send", to="ann", text="a"), say("Sent."))
    made = Agent(name, tools=[add, look, send])
    connections = [
        replace(remote.connection, project=repository(tmp_path / commit[0], commit))
        for commit in (COMMIT, "f" * 40)
    ]
    builds = [f"harness-{__version__}+git.{COMMIT[:12]}", f"harness-{__version__}+git.{'f' * 12}"]
    run = await remote.start(made, "Send it.")
    async with serve(connections[0], made):
        await waiting(run)
    async with serve(connections[1], made):
        await run.approve()
        assert (await run.result()).output == "Sent."
        card = await remote.connection.temporal.get_workflow_handle(run.id).query("card")
    events = await run.trace()
    ran: list[Any] = [
        each for each in events if isinstance(each, e.ModelReplied | e.ToolCallFinished)
    ]
    assert [each.worker.build for each in ran] == [builds[0]] * 3 + [builds[1]] * 2
    assert {each.worker.name.rpartition("/")[2] for each in ran} == {str(os.getpid())}
    assert f"| Code | {builds[1]} |" in card.replace("\\", "")


async def test_the_page_shows_a_readable_spec(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("Hello."))
    long = "Be brief. " * 1000
    run = await harness.start(Agent(name, instructions=long, tools=[add, send]), "go")
    await run.result()
    described = await harness.connection.temporal.get_workflow_handle(run.id).describe()
    details = await described.static_details() or ""
    assert "openai/gpt-5" in details
    assert "add (read)" in details
    assert "send (write, may need approval)" in details
    assert "Be brief." in details
    assert len(details) < 8_000
    assert only(await run.trace(), e.ModelReplied)


async def test_a_call_that_was_cut_by_an_abort_has_an_estimate_and_no_cost(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(stall("Half of it and the rest."))
    run = await harness.start(Agent(name), "Tell me all.")
    async for event in run.events():
        if isinstance(event, e.OutputDelta):
            break
    await run.abort("enough")
    result = await run.outcome()
    reply = one(await run.trace(), e.ModelReplied)
    assert reply.cut is not None
    assert reply.cut.attempts == 1
    assert reply.cost_micros is None
    assert reply.cut.cost_micros
    totals = result.totals
    assert (totals.cost_micros, totals.cut_attempts) == (None, 1)
    assert totals.cut_micros == reply.cut.cost_micros
    card = await harness.connection.temporal.get_workflow_handle(run.id).query("card")
    assert "Interrupted (estimate)" in card
