"""Forgetting: the key of a family goes, and with it all that its runs said, wherever it lies."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.archive.sweep import seal_run
from harness.config.settings import settings_model
from harness.contracts.errors import HarnessError, RunError, StoreError
from harness.contracts.message import FileRef, Message, Text
from harness.crypto.keyring import new_key
from harness.engine.connection import open_connection
from harness.forget.client import family_of, forget_run
from harness.forks.fork import Change
from harness.history import reader
from harness.store.seals import SealRow
from harness.store.transcripts.chain import read_node
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, send, waiting
from tests.fakes.steps import call, say

ENCRYPTED = [True, False]


@pytest.fixture(params=ENCRYPTED, ids=["encrypted", "plain"])
def options(
    options: dict[str, Any], database_url: str, request: pytest.FixtureRequest
) -> dict[str, Any]:
    options = {**options, "database": {"url": database_url, "pool_size": 4}}
    return {**options, "encryption": {"key": new_key()}} if request.param else options


def encrypted(harness: Harness) -> bool:
    return harness.connection.vault.encrypts


async def test_a_run_and_its_forks_are_forgotten(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, tools=[add, send])
    word = uuid.uuid4().hex
    model_server.script(call("send", to="Ada", text=word), say(word), say("forked"), say(word))
    run = await harness.start(agent, f"Tell {word}.")
    await waiting(run)
    with pytest.raises(RunError, match="still running"):
        await forget_run(harness.connection, run.id)
    await run.approve()
    await run.result()
    fork = await run.fork(1, hint="go on")
    await fork.result()
    other = await harness.start(agent, f"Tell {word}.")
    await other.result()
    for each in (run, other):  # the fork is not sealed yet
        await seal_run(harness.connection, each.id)

    done = await forget_run(harness.connection, fork.id)
    assert (done.family, set(done.runs)) == (run.id, {run.id, fork.id})
    assert done.unreadable is encrypted(harness)
    assert done.deleted["effect"] == 1
    for gone in (run, fork):
        with pytest.raises(HarnessError) as error:  # the engine takes a moment to delete
            await reader.read_sealed(harness.connection, gone.id)
        assert error.value.code == "store.forgotten"
        assert (
            await harness.connection.database.fetch(
                "SELECT 1 FROM harness.effect WHERE run = %s", (gone.id,)
            )
            == []
        )
    assert (await other.result()).output == word
    assert len(await other.trace()) > 3
    assert (await other.fork(0, hint="again")).id


async def test_a_session_is_forgotten_as_a_whole(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("one"), say("two"), say("other"))
    session = harness.session(f"{name}-talk")
    for prompt in ("first", "second"):
        await (await session.start(Agent(name), prompt)).result()
    done = await forget_run(harness.connection, f"{name}-talk.1")
    assert done.runs == (f"{name}-talk.1", f"{name}-talk.2")
    assert (await family_of(harness.connection, f"{name}-talk")).runs == done.runs
    again = await forget_run(harness.connection, f"{name}-talk.2")
    assert again.unreadable is encrypted(harness), "it is gone still"


async def test_an_unknown_run_is_not_forgotten(harness: Harness) -> None:
    with pytest.raises(RunError, match="nobody"):
        await forget_run(harness.connection, "nobody-at-all")


@pytest.mark.parametrize("options", [True], indirect=True, ids=["encrypted"])
async def test_a_copy_of_the_database_is_unreadable_without_the_key(
    options: dict[str, Any], model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    """What a backup would hold: rows and histories from before the key was destroyed."""
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        model_server.script(say("a secret"))
        run = await harness.start(Agent(name), "go")
        result = await run.outcome()
        connection = harness.connection
        rows = await connection.database.fetch(
            "SELECT body FROM harness.node WHERE id = %s", (result.head,)
        )
        handle = connection.temporal.get_workflow_handle(run.id)
        history = [each async for each in handle.fetch_history_events()]
        await forget_run(connection, run.id)
        endpoints = connection.endpoints
    async with open_connection(settings, endpoints, tmp_path) as connection:
        with pytest.raises(StoreError) as error:
            await read_node(connection.vault, str(result.head), rows[0][0])
        assert error.value.code == "store.forgotten"
        payload = history[0].workflow_execution_started_event_attributes.input.payloads[0]
        with pytest.raises(StoreError):
            await connection.temporal.data_converter.decode([payload])


async def test_what_was_attached_goes_too(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(uuid.uuid4().hex * 100)
    attached = await harness.attach(file)
    assert isinstance(attached, FileRef)
    model_server.script(say("read"))
    message = Message(role="user", parts=(Text(text="Read it."), attached))
    run = await harness.start(Agent(name), message)
    await run.result()
    done = await forget_run(harness.connection, run.id)
    kept = await harness.connection.stores.artifacts.exists(attached.artifact)
    assert kept is not encrypted(harness)
    assert done.deleted["artifact"] >= (2 if encrypted(harness) else 0)


async def test_whoever_has_the_id_already_joins_no_family(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("mine"), say("yours"))
    run = await harness.start(Agent(name), "one")
    other = await harness.start(Agent(name), "two", id=f"{name}-other")
    await run.result()
    await other.result()
    with pytest.raises(RunError, match="a different request"):
        await harness.fork(run.id, 0, Change(hint="go"), id=other.id)
    assert (await family_of(harness.connection, run.id)).runs == (run.id,)
    assert (await family_of(harness.connection, other.id)).runs == (other.id,)


async def test_an_id_is_not_started_again_once_the_run_is_sealed(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """What holds when the engine has forgotten it: nothing is asked of the engine."""
    model_server.script(say("once"))
    id = f"{name}-once"
    run = await harness.start(Agent(name), "one", id=id)
    await run.result()
    await seal_run(harness.connection, id)
    again = await harness.start(Agent(name), "one", id=id)
    assert (await again.result()).output == "once"
    with pytest.raises(RunError, match="a different request"):
        await harness.start(Agent(name), "two", id=id)
    await forget_run(harness.connection, id)
    with pytest.raises(HarnessError, match="forgotten"):
        await harness.start(Agent(name), "one", id=id)


async def test_who_joins_the_family_meanwhile_is_forgotten_too(
    harness: Harness, model_server: ModelServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, agent = harness.connection, Agent(name, tools=[send])
    model_server.script(say("one"), say("two"), call("send", to="Ada", text="three"))
    session = harness.session(f"{name}-talk")
    await (await session.start(agent, "first")).result()

    async def seal(*args: Any) -> SealRow:
        """The family is listed, and its key is still there."""
        monkeypatch.undo()
        await (await session.start(agent, "second")).result()
        await waiting(await session.start(agent, "third"))
        return await seal_run(*args)

    monkeypatch.setattr("harness.forget.client.seal_run", seal)
    done = await forget_run(connection, f"{name}-talk.1")
    assert done.runs == (f"{name}-talk.1", f"{name}-talk.2")
    assert done.going == (f"{name}-talk.3",)
    assert done.unreadable is encrypted(harness)
    third = connection.temporal.get_workflow_handle(done.going[0])
    assert (await third.describe()).close_time is None
    await third.terminate()
    done = await forget_run(connection, f"{name}-talk.3")
    assert done.runs == tuple(f"{name}-talk.{n}" for n in (1, 2, 3))
    assert done.going == ()
