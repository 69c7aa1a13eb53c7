"""With a key, no content of a run is readable in Temporal's files or in the database."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness, ToolContext, tool
from harness.agent import idempotency_key
from harness.archive.sweep import seal_run
from harness.cli.stack import keys
from harness.config.settings import settings_model
from harness.contracts.errors import RunError, StoreError, ToolUnavailable
from harness.contracts.event import LIVE, DurableEvent, RunEnded, ToolCallFinished
from harness.contracts.family import session_family
from harness.contracts.run import RunState
from harness.crypto.keyring import new_key
from harness.crypto.place import place_of
from harness.engine.connection import open_connection
from harness.engine.plain_runs import open_plain_runs
from harness.forget.client import forget_run
from harness.history.export import read_file
from harness.replay.check import check
from harness.sdk.local import host_agents
from harness.store import Artifacts, Database
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, all_events, eventually, one, only, waiting
from tests.fakes.steps import call, calls, say

TABLES = (
    "node", "answer", "artifact", "effect", "live_output", "live_progress", "attempt", "seal",
    "session", "lineage", "agent",
)  # fmt: skip


@pytest.fixture
def options(options: dict[str, Any], database_url: str) -> dict[str, Any]:
    """A database for each keyring: one that has lost its keys must not get others."""
    database = {"url": database_url, "pool_size": 4}
    return {**options, "database": database, "encryption": {"key": new_key()}}


@pytest.fixture
def secret() -> str:
    return f"secret{uuid.uuid4().hex}"


def agent(name: str, secret: str) -> Agent[None, str]:
    @tool(effect="write", approval="always")
    async def send(to: str, context: ToolContext[None]) -> str:
        """Send a message."""
        context.progress(f"sending {secret}")
        context.heartbeat(f"at {secret}")
        context.receipt({"id": secret})
        return f"sent {secret} to {to}"

    @send.undo
    def unsend(context: ToolContext[None], receipt: dict[str, str]) -> str:
        return f"took {receipt['id']} back"

    @tool(effect="read")
    def broken(what: str) -> str:
        """Fail."""
        raise ToolUnavailable(f"no {what} for {secret}")

    @tool(effect="read")
    def large() -> str:
        """Say much."""
        return secret + " and more" * 60_000

    return Agent(name, instructions=f"Know {secret}.", tools=[add, send, broken, large])


async def readable(database: Database, engine: Path, secret: str) -> list[str]:
    """Where the secret can be read."""
    places = [
        table
        for table in TABLES
        if await database.fetch(
            f"SELECT 1 FROM harness.{table} t WHERE t::text LIKE %s OR t::text LIKE %s",  # pyright: ignore[reportArgumentType]
            (f"%{secret}%", f"%{secret.encode().hex()}%"),
        )
    ]
    grep = ["grep", "-rlaF", secret, str(engine)]
    found = await asyncio.to_thread(subprocess.run, grep, capture_output=True, text=True)
    return places + found.stdout.splitlines()


async def converse(harness: Harness, model_server: ModelServer, name: str, secret: str) -> Any:
    """A run that says the secret wherever something can be said."""
    model_server.script(
        calls(("add", {"a": 1, "b": 2}), ("broken", {"what": secret}), ("large", {})),
        call("send", to=secret),
        say(f"All of {secret} is done. " * 40, delay=0.02, pieces=20),
    )
    run = await harness.start(agent(name, secret), f"Tell {secret}.", id=f"{name}-1")
    await run.hint(f"think of {secret}")
    await waiting(run)
    await run.approve(note=f"{secret} may go")
    await run.outcome()
    return run


async def test_no_content_is_readable(
    harness: Harness, model_server: ModelServer, name: str, engine: Any, secret: str
) -> None:
    plain = f"plain{uuid.uuid4().hex}"
    model_server.script(say("Hello."))
    await (await harness.start(Agent(plain), "Hello.")).result()
    run = await converse(harness, model_server, name, secret)
    events = await all_events(run)
    assert one(events, RunEnded).state is RunState.COMPLETED
    assert secret in (await run.result()).output
    failed = [each for each in only(events, ToolCallFinished) if not each.ok]
    assert secret in failed[0].content
    assert any(isinstance(event, LIVE) for event in events)
    [effect] = await run.effects()
    assert (effect.arguments, effect.receipt) == ({"to": secret}, {"id": secret})
    assert effect.result is not None and secret in effect.result
    guess = idempotency_key(effect.origin, effect.turn, "send", {"to": secret})
    assert effect.key != guess, "a key tells nobody that his guess is right"
    report = await run.undo()
    assert report.steps[0].said == f"took {secret} back"
    assert (await run.effects())[0].note == f"took {secret} back"
    attempts = await run.attempts()
    assert attempts and all(secret in each.message for each in attempts)

    database, folder = harness.connection.database, engine.project
    assert await readable(database, folder, plain), "an agent's name is no secret"
    assert await readable(database, folder, secret) == []


@pytest.mark.slow
async def test_forks_sessions_exports_and_replays_work_with_encryption(
    harness: Harness, model_server: ModelServer, name: str, secret: str, tmp_path: Path
) -> None:
    run = await converse(harness, model_server, name, secret)
    file = tmp_path / "run.json"
    await run.export(file)
    recording = read_file(file)
    assert recording.events == await run.trace()
    assert not recording.missing
    await check(file)

    model_server.script(say("forked"))
    forked = await harness.fork(run.id, 1, hint("go on"), agent=agent(name, secret))
    assert (await forked.result()).output == "forked"
    model_server.script(say("from the file"))
    forked = await harness.fork(recording, 1, hint("go on"), agent=agent(name, secret))
    assert (await forked.result()).output == "from the file"

    session = harness.session(f"{name}-talk")
    model_server.script(say(f"one {secret}"), say("two"))
    await (await session.start(agent(name, secret), "first")).result()
    second = await session.start(agent(name, secret), "second")
    assert (await second.result()).output == "two"
    connection = harness.connection
    families = {await connection.vault.family_of(each) for each in await session.list_runs()}
    assert families == {session_family(f"{name}-talk")}
    assert await connection.vault.family_of(forked.id) == run.id


@pytest.mark.slow
async def test_another_process_reads_it_with_the_key_and_not_without(
    harness: Harness, model_server: ModelServer, name: str, secret: str,
    options: dict[str, Any], tmp_path: Path,
) -> None:  # fmt: skip
    run = await converse(harness, model_server, name, secret)
    connection = harness.connection
    durable = [each for each in await run.trace()]

    async def trace(**changes: Any) -> list[DurableEvent]:
        settings = settings_model().model_validate({**options, **changes})
        async with open_connection(settings, connection.endpoints, tmp_path) as other:
            return await Harness(other).get_run(run.id).trace()

    assert await trace() == durable
    rotated = {"key": new_key(), "old_keys": [options["encryption"]["key"]]}
    assert await trace(encryption=rotated) == durable
    with pytest.raises(StoreError, match=r"store\.key_missing|no encryption\.key is set"):
        await trace(encryption={})
    with pytest.raises(StoreError, match="which the settings do not have"):
        await trace(encryption={"key": new_key()})
    settings = settings_model().model_validate({**options, "encryption": rotated})
    async with open_connection(settings, connection.endpoints, tmp_path) as other:
        done, count = await other.vault.keyring.rewrap_keys()
        assert done == count >= 1
        assert await other.vault.keyring.rewrap_keys() == (0, count)
    assert await trace(encryption={"key": rotated["key"]}) == durable


@pytest.mark.slow
async def test_a_run_from_before_the_key_waits_until_the_key_is_unset(
    options: dict[str, Any], model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    @tool(effect="write", approval="always")
    def send(to: str) -> str:
        """Send a message."""
        return f"sent to {to}"

    agent = Agent(name, tools=[send])
    model_server.script(call("send", to="Ada"), say("Done."))
    plain = settings_model().model_validate({**options, "encryption": {}})
    async with Harness.local(project=tmp_path, settings=plain) as harness:
        run = await harness.start(agent, "go")
        await waiting(run)
        id, endpoints = run.id, harness.connection.endpoints
    under_key = settings_model().model_validate(options)
    async with (
        open_connection(under_key, endpoints, tmp_path) as connection,
        host_agents(connection) as harness,
    ):
        await harness.serve(agent)
        handle = connection.temporal.get_workflow_handle(id)
        await handle.signal("hint", "hurry")

        async def refusals() -> int:
            events = [each async for each in handle.fetch_history_events()]
            return sum(each.HasField("workflow_task_failed_event_attributes") for each in events)

        await eventually(refusals)
    async with (
        open_connection(plain, endpoints, tmp_path) as connection,
        host_agents(connection) as h,
    ):
        run = h.get_run(id, agent)
        await h.serve(agent)
        with suppress(RunError):  # after failures the engine waits, and the decision with it
            await run.approve()
        assert (await run.result()).output == "Done."


async def test_addresses_reveal_nothing_of_the_content(
    harness: Harness, name: str, secret: str
) -> None:
    """The same content of two families has two addresses, and of one family one."""
    artifacts = harness.connection.stores.artifacts
    content = secret.encode() * 3
    first = await artifacts.put(content, run=f"{name}-a")
    assert await artifacts.put(content, run=f"{name}-a") == first
    second = await artifacts.put(content, run=f"{name}-b")
    assert second != first
    fresh = Artifacts(
        harness.connection.database,
        harness.connection.settings.artifacts,
        vault=harness.connection.vault,
    )
    assert await fresh.get(first) == await fresh.get(second) == content
    assert await fresh.get(first, 3, 10) == content[3:13]


def hint(text: str) -> Any:
    from harness.forks.fork import Change

    return Change(hint=text)


async def test_a_short_outage_of_the_keyring_fails_no_run(
    harness: Harness, model_server: ModelServer, name: str, options: dict[str, Any], tmp_path: Path
) -> None:
    """A new key in place of the missing one would make everything permanently unreadable."""
    model_server.script(call("send", to="Ada"), say("done"))
    told = agent(name, "word")
    run = await harness.start(told, "go")
    await waiting(run)
    ring, away = tmp_path / ".harness" / "keys", tmp_path / "away"
    endpoints = harness.connection.endpoints
    settings = settings_model().model_validate(options)
    ring.rename(away)
    async with open_connection(settings, endpoints, tmp_path) as other:
        for attempt in (
            lambda: Harness(other).get_run(run.id).hint("hello"),
            lambda: Harness(other).start(Agent(f"{name}-new"), "hello"),
        ):
            with pytest.raises(StoreError) as error:
                await attempt()
            assert error.value.code == "store.key_missing"
    shutil.rmtree(ring, ignore_errors=True)
    away.rename(ring)
    async with open_connection(settings, endpoints, tmp_path) as other:
        assert (await Harness(other).get_run(run.id).trace())[0].type == "run_started"
        await Harness(other).get_run(run.id).approve()
    await run.result()


async def test_content_from_before_the_key_is_not_reported_as_unreadable(
    options: dict[str, Any], model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    without = settings_model().model_validate({**options, "encryption": {}})
    model_server.script(say("plain"))
    async with Harness.local(project=tmp_path, settings=without) as harness:
        run = await harness.start(Agent(name), "go")
        await run.result()
        endpoints = harness.connection.endpoints
    async with open_connection(
        settings_model().model_validate(options), endpoints, tmp_path
    ) as connection:
        await seal_run(connection, run.id)
        await connection.database.fetch(
            "UPDATE harness.seal SET started = started - interval '1 hour' WHERE run = %s",
            (run.id,),
        )  # as if it had begun long before the key was made
        assert not (await forget_run(connection, run.id)).unreadable


async def test_a_lone_surrogate_in_a_receipt_survives(harness: Harness) -> None:
    vault = harness.connection.vault
    value = {"name": "bad \ud800"}
    place = place_of("effect.receipt", "key")
    stored = await vault.encrypt_json("any-run", value, place)
    assert await vault.decrypt_json(stored, place) == value


async def test_the_doctor_names_open_runs_from_before_the_key(
    harness: Harness, options: dict[str, Any], model_server: ModelServer, name: str,
    secret: str, tmp_path: Path,
) -> None:  # fmt: skip
    model_server.script(*[call("send", to="x")] * 2)
    plain = settings_model().model_validate({**options, "encryption": {}})
    async with Harness.local(project=tmp_path, settings=plain) as before:
        old = await before.start(agent(name, secret), "Send.")
        await waiting(old)
    new = await harness.start(agent(f"{name}-new", secret), "Send.")
    await waiting(new)

    async def found() -> bool:
        runs = await open_plain_runs(harness.connection.temporal)
        return old.id in runs and new.id not in runs

    await eventually(found)
    checks = await keys.check_encryption(harness.connection.settings, tmp_path)
    broken = {each.name: each for each in checks if not each.ok}
    assert "started before encryption.key was set" in broken["open runs"].detail
    assert len(await keys.check_encryption(plain, tmp_path)) == 1
    for run in (old, new):
        await harness.connection.temporal.get_workflow_handle(run.id).terminate()
