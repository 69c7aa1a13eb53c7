"""Messages are answered in order, once each, whatever comes in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from harness import Agent, Harness
from harness.contracts.errors import (
    ConversationClosed,
    RunBusy,
)
from harness.contracts.event import AbortRequested, HintReceived, RunStarted
from harness.conversations.client import Conversations
from harness.conversations.contracts import Change, session_workflow
from harness.engine.connection import get_identity
from harness.history.reader import read_events
from tests.fakes.conversations import answered, opened_run, said
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Hang, say


@pytest.fixture
async def inbox(harness: Harness, name: str) -> Conversations:
    await harness.serve(Agent(name))
    return Conversations(harness.connection)


async def test_messages_are_answered_in_order(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.script(say("One.", wait=0.3), say("Two."))
    card = await inbox.create(name, title="Counting", tags=["numbers"])
    first = await inbox.send(card.id, "one", message="m1")
    assert (first.outcome, first.run, first.position) == ("started", f"{card.id}.1", 0)
    second = await inbox.send(card.id, "two", message="m2")
    assert (second.outcome, second.run, second.position) == ("queued", None, 1)
    assert await inbox.send(card.id, "two", message="m2") == second
    assert await inbox.send(card.id, "something else", message="m1") == first
    view = await answered(inbox, card.id, 2)
    assert [(turn.message, turn.run, turn.state) for turn in view.turns] == [
        ("m1", f"{card.id}.1", "completed"),
        ("m2", f"{card.id}.2", "completed"),
    ]
    assert said(model_server.calls[1].body) == ["one", "One.", "two"]
    page = await inbox.messages(card.id)
    assert [(each.id, each.role, each.text) for each in page.messages] == [
        ("m1", "user", "one"),
        (f"{card.id}.1/t1", "assistant", "One."),
        ("m2", "user", "two"),
        (f"{card.id}.2/t1", "assistant", "Two."),
    ]
    [listed] = [c for c in (await inbox.list()).conversations if c.card.id == card.id]
    assert listed.card == card
    assert listed.active == page.turns[-1].ended


async def test_a_hint_reaches_the_open_run(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.script(Hang(), say("Briefly."))
    card = await inbox.create(name)
    await inbox.send(card.id, "tell me all")
    await model_server.called()
    receipt = await inbox.send(card.id, "be brief", policy="interrupt")
    assert (receipt.outcome, receipt.run) == ("interrupted", f"{card.id}.1")
    await answered(inbox, card.id, 1)
    assert said(model_server.calls[1].body)[-1] == "be brief"
    texts = [(m.text, m.origin) for m in (await inbox.messages(card.id)).messages]
    assert texts == [("tell me all", None), ("be brief", "hint"), ("Briefly.", None)]


@pytest.mark.parametrize("by", [None, "alice"])
async def test_what_steers_a_run_is_of_the_person_who_sent_it(
    inbox: Conversations, name: str, model_server: ModelServer, by: str | None
) -> None:
    inbox, person = replace(inbox, by=by), by or get_identity()
    model_server.script(Hang(), Hang(), say("Better."))
    card = await inbox.create(name)
    await inbox.send(card.id, "tell me all")
    await model_server.called()
    await inbox.send(card.id, "be brief", policy="interrupt")
    await model_server.called(2)
    await inbox.send(card.id, "never mind", policy="rollback")
    await answered(inbox, card.id, 2)
    events = [each async for each in read_events(inbox.connection, f"{card.id}.1")]
    acted = [each for each in events if isinstance(each, HintReceived | AbortRequested)]
    assert [(each.type, each.by) for each in acted] == [
        ("hint_received", person),
        ("abort_requested", person),
    ]
    assert isinstance(events[0], RunStarted)
    assert events[0].by == person


async def test_a_rollback_takes_the_place_of_the_open_turn(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.script(say("Hello."), Hang(), say("Better."), say("Last."))
    card = await inbox.create(name)
    await inbox.send(card.id, "hello")
    await answered(inbox, card.id, 1)
    await inbox.send(card.id, "a mistake")
    await model_server.called(2)
    await inbox.send(card.id, "afterwards")
    receipt = await inbox.send(card.id, "as I meant it", policy="rollback")
    assert receipt.outcome == "rolled_back"
    view = await answered(inbox, card.id, 4)
    assert [turn.state for turn in view.turns] == [
        "completed", "rolled_back", "completed", "completed",
    ]  # fmt: skip
    assert said(model_server.calls[2].body) == ["hello", "Hello.", "as I meant it"]
    assert said(model_server.calls[3].body)[2:] == ["as I meant it", "Better.", "afterwards"]
    turns = (await inbox.messages(card.id)).turns
    assert [turn.dropped for turn in turns] == [None, True, None, None]


async def test_a_busy_conversation_can_refuse(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.script(say("One.", wait=0.5))
    card = await inbox.create(name, policy="reject")
    await inbox.send(card.id, "one")
    with pytest.raises(RunBusy):
        await inbox.send(card.id, "two")
    view = await answered(inbox, card.id, 1)
    assert [turn.state for turn in view.turns] == ["completed"]


async def test_only_an_active_conversation_accepts_messages(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.always(say("Yes."))
    card = await inbox.create(name)
    changed = await inbox.change(card.id, Change(title="Old", act="archive"))
    assert (changed.title, changed.state) == ("Old", "archived")
    with pytest.raises(ConversationClosed):
        await inbox.send(card.id, "hello")
    await inbox.change(card.id, Change(act="delete"))
    assert (await inbox.change(card.id, Change(act="restore"))).state == "archived"
    await inbox.change(card.id, Change(act="restore"))
    await inbox.send(card.id, "hello")
    await answered(inbox, card.id, 1)
    assert (await inbox.find(card.id)).state == "active"


async def test_a_session_of_the_sdk_shares_the_transcript(
    inbox: Conversations, harness: Harness, name: str, model_server: ModelServer
) -> None:
    model_server.script(say("A."), say("B."), say("C."))
    card = await inbox.create(name)
    await inbox.send(card.id, "a")
    await answered(inbox, card.id, 1)
    await harness.session(card.id).run(Agent(name), "b")
    receipt = await inbox.send(card.id, "c")
    assert receipt.run == f"{card.id}.3"
    await answered(inbox, card.id, 2)
    assert said(model_server.calls[2].body) == ["a", "A.", "b", "B.", "c"]
    assert [m.text for m in (await inbox.messages(card.id)).messages] == [
        "a", "A.", "b", "B.", "c", "C.",
    ]  # fmt: skip


async def test_an_unknown_agent_fails_the_turn_alone(
    inbox: Conversations, harness: Harness, name: str, model_server: ModelServer
) -> None:
    model_server.always(say("Yes."))
    card = await inbox.create(name)
    agents = harness.connection.stores.agents
    namespace = harness.connection.endpoints.namespace
    published = await agents.find(namespace, name)
    assert published is not None
    await harness.connection.database.fetch("DELETE FROM harness.agent WHERE name = %s", (name,))
    receipt = await inbox.send(card.id, "anyone?")
    assert receipt.run is None
    [turn] = (await answered(inbox, card.id, 1)).turns
    assert turn.error is not None
    assert (turn.state, turn.error.code) == ("failed", "config.unknown_agent")
    await agents.publish(namespace, published.agent, "build", "host")  # type: ignore[arg-type]
    assert (await inbox.send(card.id, "again")).run == f"{card.id}.1"
    await answered(inbox, card.id, 2)


async def test_an_inbox_that_was_ended_by_hand_starts_again(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.always(say("Yes."))
    card = await inbox.create(name)
    await inbox.send(card.id, "one")
    await answered(inbox, card.id, 1)
    temporal = inbox.connection.temporal
    await temporal.get_workflow_handle(session_workflow(card.id)).terminate("by mistake")
    assert (await inbox.send(card.id, "two")).run == f"{card.id}.2"
    await answered(inbox, card.id, 1)
    assert said(model_server.calls[-1].body) == ["one", "Yes.", "two"]


async def test_the_run_can_be_watched_meanwhile(
    inbox: Conversations, harness: Harness, name: str, model_server: ModelServer
) -> None:
    model_server.script(say("One.", wait=0.5))
    card = await inbox.create(name)
    receipt = await inbox.send(card.id, "one")
    assert await opened_run(inbox, card.id) == receipt.run
    assert receipt.run is not None
    assert (await harness.get_run(receipt.run).result()).output == "One."
    await asyncio.wait_for(answered(inbox, card.id, 1), 10)
