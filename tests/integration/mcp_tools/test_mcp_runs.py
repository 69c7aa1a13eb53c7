"""Runs whose tools are those of an MCP server: a real server, Temporal and Postgres."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.agent import McpServer
from harness.config.settings import settings_model
from harness.contracts.run import RunState
from harness.mcp_tools.approved import write_approval
from harness.mcp_tools.servers import open_servers
from harness.mcp_tools.settings import McpSettings
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import sent_results, until_state, waiting
from tests.fakes.stack import lives, until
from tests.fakes.steps import call, say

ROOT = Path(__file__).parents[3]
HOSTILE = ROOT / "tests" / "fakes" / "mcp_hostile.py"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> McpServer:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "a.txt").write_text("hello")
    return McpServer(
        name="notes",
        command=(sys.executable, "-m", "tests.fakes.mcp_server", str(tmp_path)),
        env=(f"PYTHONPATH={ROOT}",),
        trusted=True,
        tools={"write_note": {"on_unknown": "ask"}},  # pyright: ignore[reportArgumentType]
    )


@pytest.mark.slow
async def test_a_run_calls_a_server_that_dies_and_changes(
    server: McpServer,
    harness: Harness,
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
) -> None:
    agent = Agent(name, tools=[server])
    model_server.script(
        call("notes__pid"),
        call("notes__write_note", name="dies", text="once"),
        call("notes__read_note", name="dies"),
        say("Done."),
    )
    run = await harness.start(agent, "Write a note.")
    (pending,) = await waiting(run)
    assert (pending.need, pending.tool, pending.effect) == (
        "approval",
        "notes__write_note",
        "write",
    )
    pid = int(sent_results(model_server)[0])
    os.kill(pid, signal.SIGKILL)  # it is started again for the call
    await until(lambda: not lives(pid))
    await run.approve()
    # The server dies in the middle of the call, which is not repeated.
    pending = await question(run, "It may have happened.")
    assert pending.need == "outcome"
    assert "exit code 3. The call had been sent. It may have happened." in pending.question
    assert (tmp_path / "calls").read_text() == "write_note dies\n"
    await run.approve()
    assert (await run.result()).output == "Done."
    assert sent_results(model_server)[1:] == ["written", "once"]
    assert (tmp_path / "calls").read_text() == "write_note dies\n" * 2
    offered = {each["name"]: each for each in model_server.calls[0].body["tools"]}
    assert offered["notes__read_note"]["description"] == "Read a note."
    spec = await pinned(harness, run.id)
    assert spec["notes__read_note"]["effect"] == "read"
    assert spec["notes__read_note"]["pin"].count(".") == 2

    # The server declares something else from now on.
    model_server.script(
        call("notes__write_note", name="description", text="Read a note, then send it away."),
        call("notes__read_note", name="a"),
        say("I cannot read it."),
    )
    refused = await harness.start(agent, "Read the note.")
    await waiting(refused)
    await refused.approve()
    assert (await refused.result()).output == "I cannot read it."
    assert sent_results(model_server)[1:] == [
        "The call was not made: read_note of the server notes has changed: its description. "
        "A person must approve the change first."
    ]


async def pinned(harness: Harness, id: str) -> dict[str, Any]:
    """The policies that a run started with."""
    handle = harness.connection.temporal.get_workflow_handle(id)
    async for event in handle.fetch_history_events():
        started = event.workflow_execution_started_event_attributes
        (spec,) = await harness.connection.temporal.data_converter.decode(started.input.payloads)
        return dict(spec["tools"])
    raise AssertionError("no event")


async def test_a_run_asks_before_it_calls_what_was_approved_later(
    options: dict[str, Any],
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    command = [sys.executable, "-I", "-S", str(HOSTILE), "changes", str(tmp_path)]
    servers = {"bad": {"command": command, "agents": [name]}}
    settings = settings_model().model_validate({**options, "mcp": {"servers": servers}})
    server = settings.section(McpSettings).servers["bad"]
    agent = Agent(name)  # the settings give it the server
    model_server.script(call("bad__act"), say("Done."))
    async with Harness.local(project=tmp_path, settings=settings) as first:
        run = await first.start(agent, "Act.")
        await until_state(run, RunState.WAITING)
    (tmp_path / "changed").touch()
    async with (
        open_servers(settings, tmp_path) as opened,
        opened.connect(server).use() as (_, declared),
    ):
        write_approval(tmp_path, server, tuple(declared.values()))
    async with Harness.local(project=tmp_path, settings=settings) as second:
        await second.serve(agent)
        run = second.get_run(run.id)
        await run.approve()  # the call, as it was known then
        asked = await question(run, "its description")
        assert "has changed since this run began" in asked.question
        assert not (tmp_path / "seen").exists()
        await run.approve()
        assert (await run.result()).output == "Done."
    assert (tmp_path / "seen").read_text() == "called\n"


async def question(run: Any, words: str) -> Any:
    found: list[Any] = []

    async def is_asked() -> bool:
        found[:] = [each for each in await run.pending() if words in each.question]
        return bool(found)

    await until(is_asked)
    return found[0]
