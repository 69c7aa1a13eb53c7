"""A worker that cannot prepare a run, because of what it is, takes no message from the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.config.settings import settings_model
from harness.contracts.errors import RunUnsigned
from harness.conversations.client import Conversations
from harness.conversations.contracts import (
    Card,
    Change,
    SessionView,
    session_workflow,
)
from harness.conversations.projection import project_card
from harness.conversations.session_client import start_session
from harness.runs.steer import abort_run
from harness.sdk.local import host_agents
from tests.fakes.conversations import answered
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import Hang, call, say


@asynccontextmanager
async def serving(connected: Harness, name: str) -> AsyncGenerator[None]:
    async with host_agents(connected.connection) as harness:
        await harness.serve(Agent(name))
        yield


@pytest.fixture
async def stranger(
    remote: Harness, options: dict[str, Any], tmp_path: Path
) -> AsyncGenerator[Harness]:
    """Of the same stack, with another signing key."""
    other = {**options, "signing": {"key": "another-signing-key-of-32-letters"}}
    settings = settings_model().model_validate(other)
    async with Harness.connect(project=tmp_path, settings=settings) as connected:
        yield connected


async def test_a_worker_with_another_key_leaves_messages_to_a_right_one(
    remote: Harness, stranger: Harness, name: str, model_server: ModelServer
) -> None:
    model_server.always(say("Yes."))
    inbox = Conversations(remote.connection)
    async with serving(remote, name):
        card = await inbox.create(name)
    sending = [
        asyncio.create_task(inbox.send(card.id, f"text of {id}", message=id)) for id in ("k1", "k2")
    ]

    async def look() -> SessionView | None:
        return (await inbox.read(card.id)).session

    async with serving(stranger, name):
        view = await eventually(
            look, lambda seen: seen is not None and bool(seen.open and seen.open.delay), 30
        )
        assert view is not None and view.open is not None and view.open.delay is not None
        assert view.open.delay.code == "run.forged"
        assert view.turns == ()
        first, [second] = view.open, view.queue
        assert {first.text, second.line} == {"text of k1", "text of k2"}
    async with serving(remote, name):
        view = await answered(inbox, card.id, 2, 40)
        assert [turn.state for turn in view.turns] == ["completed", "completed"]
        await asyncio.gather(*sending)
        receipts = [await inbox.send(card.id, "again", message=turn.message) for turn in view.turns]
    assert [each.run for each in receipts] == [f"{card.id}.1", f"{card.id}.2"]


async def test_a_message_sent_again_is_told_that_it_was_not_answered(
    harness: Harness, name: str, model_server: ModelServer
) -> None:
    model_server.script(Hang())
    await harness.serve(Agent(name))
    inbox = Conversations(harness.connection)
    card = await inbox.create(name)
    await inbox.send(card.id, "first")
    await model_server.called()
    assert (await inbox.send(card.id, "a line\nmore", message="m2")).position == 1
    assert (await inbox.send(card.id, "third", message="m3")).position == 2
    await harness.connection.database.fetch("DELETE FROM harness.agent WHERE name = %s", (name,))
    await abort_run(inbox.connection, f"{card.id}.1", "enough", undo=False)
    view = await answered(inbox, card.id, 3)
    assert [turn.line for turn in view.turns] == [None, "a line", "third"]
    for id in ("m2", "m3"):
        again = await inbox.send(card.id, "again", message=id)
        assert (again.outcome, again.run, again.position) == ("not_answered", None, 0)
        assert again.error is not None
        assert again.error.code == "config.unknown_agent"


async def test_a_message_is_read_while_its_run_waits_for_a_decision(
    harness: Harness, name: str, model_server: ModelServer
) -> None:
    model_server.script(call("send", to="ann", text="Hi"), say("Sent."))
    await harness.serve(Agent(name, tools=[send]))
    inbox = Conversations(harness.connection)
    card = await inbox.create(name)
    receipt = await inbox.send(card.id, "Greet ann.\nPlease.", message="m1")

    async def look() -> SessionView | None:
        return (await inbox.read(card.id)).session

    view = await eventually(look, lambda seen: bool(seen and seen.open and seen.open.pending), 20)
    assert view is not None and view.open is not None and view.open.pending is not None
    assert (view.open.message, view.open.text) == ("m1", "Greet ann.\nPlease.")
    [pending] = view.open.pending
    assert (pending.tool, pending.arguments) == ("send", {"to": "ann", "text": "Hi"})
    await abort_run(inbox.connection, receipt.run or "", "enough", undo=False)
    await answered(inbox, card.id, 1)


async def test_a_conversation_without_a_mac_is_changed_not_even_in_part(
    harness: Harness, name: str, model_server: ModelServer
) -> None:
    """As an older version created it. What is sent to it waits."""
    await harness.serve(Agent(name))
    inbox = Conversations(harness.connection)
    card = Card(
        id=name, agent=name, title="Old", state="active", policy="queue", created=1.0, changed=1.0
    )
    await start_session(inbox.connection, card)
    await project_card(inbox.connection, card)
    with pytest.raises(RunUnsigned) as caught:
        await inbox.change(name, Change(title="New"))
    assert "worker.accept_unsigned" in caught.value.fix
    read = await inbox.read(name)
    assert read.session is not None
    assert read.session.card.title == (await inbox.find(name)).title == "Old"
    sending = asyncio.create_task(inbox.send(name, "hello", message="m1"))

    async def look() -> SessionView | None:
        return (await inbox.read(name)).session

    view = await eventually(look, lambda seen: bool(seen and seen.open and seen.open.delay), 20)
    assert view is not None and view.open is not None and view.open.delay is not None
    assert view.open.delay.code == "run.unsigned"
    assert "worker.accept_unsigned" in view.open.delay.fix
    sending.cancel()
    handle = inbox.connection.temporal.get_workflow_handle(session_workflow(name))
    await handle.terminate()
