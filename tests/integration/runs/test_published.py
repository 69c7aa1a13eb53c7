"""A process without an agent's code starts its runs from what a worker published."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harness import Agent, Harness
from harness.contracts.errors import ArtifactMissing, ContentUnsigned, UnknownAgent
from harness.contracts.run import Budget, RunState
from harness.contracts.tool import ToolPolicy, Workspace
from harness.history import reader
from harness.runs.published import ListedAgent, find_published, list_published, store_agent
from harness.runs.start import pin_spec
from harness.runs.start_request import Request, as_messages
from harness.tools import write_file
from harness_workers import serve
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, eventually, send, waiting
from tests.fakes.steps import call, say


async def test_a_run_by_name_is_the_run_of_the_agent(
    harness: Harness, remote: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(
        name,
        instructions=lambda ctx: "Be brief.",
        tools=[add, send],
        output=int,
        budget=Budget(tokens=100_000),
        parallel=True,
        undo_on_failure=True,
    )
    agent.output_validator(lambda output: output)
    await harness.serve(agent)
    model_server.script(call("send", to="ann", text="a"), say('{"value": 3}'))
    run = await remote.start(name, "Send it.", labels={"a": "b"})
    [asked] = await waiting(run)
    assert asked.tool == "send"
    await run.approve()
    assert (await run.result()).data == 3

    request = Request(messages=as_messages("Send it."), labels={"a": "b"})
    stored = await store_agent(harness.connection, agent)
    expected = await pin_spec(harness.connection, stored, request)
    began = await reader.read_spec(remote.connection, run.id)
    assert began is not None
    own = {"permit": None, "trace": None, "salt": None}
    assert began.model_copy(update=own) == expected.model_copy(update=own)


async def test_a_session_by_name(
    harness: Harness, remote: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("One."), say("Two."))
    session = remote.session()
    assert (await session.run(name, "Count.")).output == "One."
    assert (await session.run(name, "Go on.")).output == "Two."


async def test_the_folder_is_that_of_the_worker(
    harness: Harness, remote: Harness, name: str, tmp_path: Path
) -> None:
    await harness.serve(Agent(name, tools=[write_file]))
    here = socket.gethostname()
    found = await find_published(remote.connection, name)
    assert found.workspace == Workspace(host=here, root=str(tmp_path))
    below = tmp_path / "below"
    below.mkdir()
    request = Request(messages=as_messages("Go."), workspace=below)
    spec = await pin_spec(remote.connection, found, request)
    assert spec.workspace == Workspace(host=here, root=str(below))


async def test_who_serves_it_is_listed(harness: Harness, remote: Harness, name: str) -> None:
    async def look() -> list[ListedAgent]:
        return [
            each
            for each in await list_published(harness.connection)
            if each.publication.name == name and each.workers
        ]

    async with serve(remote.connection, Agent(name, tools=[send])):
        [served] = await eventually(look)
    assert len(served.workers) == 1
    assert f"@{socket.gethostname()}/" in served.workers[0]
    assert served.publication.build.startswith("harness-")
    assert served.publication.host == socket.gethostname()


async def test_a_name_that_nobody_published(harness: Harness, name: str) -> None:
    await harness.serve(Agent(name))
    with pytest.raises(UnknownAgent, match=f"No agent '{name}-typo' is published") as caught:
        await harness.start(f"{name}-typo", "Go.")
    assert "Published: " in caught.value.message
    assert "harness agents" in caught.value.fix


async def test_a_forged_agent_starts_nothing(
    harness: Harness, remote: Harness, model_server: ModelServer, name: str
) -> None:
    """Somebody with the database alone drops the approval of a tool."""
    await harness.serve(Agent(name, tools=[send]))
    found = await find_published(remote.connection, name)
    weak = found.model_copy(update={"tools": {"send": ToolPolicy(effect="read")}})
    await remote.connection.database.fetch(
        "UPDATE harness.agent SET published = %b WHERE name = %s", (weak.wire(), name)
    )
    with pytest.raises(ContentUnsigned, match=r"agent\.published"):
        await remote.start(name, "Send it.", id=f"{name}-1")
    assert [row async for row in remote.list_runs(f"HarnessAgent = '{name}'")] == []
    assert model_server.calls == []


async def test_a_spec_that_is_gone_is_stored_by_the_next_worker(
    remote: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name)
    connection = remote.connection
    async with serve(connection, agent):
        found = await find_published(connection, name)
    await connection.stores.artifacts.delete(found.spec)
    with pytest.raises(ArtifactMissing, match=f"The spec of agent '{name}' is missing") as caught:
        await remote.start(name, "Go.")
    assert "Restart a worker" in caught.value.fix
    async with Harness.local(project=connection.project, settings=connection.settings) as again:
        await again.serve(agent)
        model_server.script(say("Here."))
        run = await remote.start(name, "Go.")
        assert (await run.outcome()).state is RunState.COMPLETED


async def test_a_worker_whose_agent_changed_publishes_the_change(
    remote: Harness, name: str
) -> None:
    connection = remote.connection
    async with serve(connection, Agent(name)):
        before = await find_published(connection, name)
    async with serve(connection, Agent(name, tools=[send])):
        after = await find_published(connection, name)
    assert (list(before.tools), list(after.tools)) == ([], ["send", "read_result"])
    assert before.spec != after.spec
