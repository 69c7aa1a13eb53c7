"""Rows of conversations: found by words, in a stable order, and the same after a rebuild."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.config.settings import settings_model
from harness.contracts.errors import (
    ConversationError,
    InvalidValue,
    RunError,
    SearchUnavailable,
)
from harness.conversations.client import Conversations
from harness.conversations.contracts import Change
from harness.conversations.files import parse_export, render_markdown
from harness.conversations.list_query import Filter
from harness.conversations.projection import project_conversation
from harness.conversations.rebuild import rebuild_rows
from harness.crypto.keyring import new_key
from harness.forget.client import forget_run
from tests.fakes.conversations import answered, said
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Hang, fail, say

TABLES = ("conversation", "turn", "message")


@pytest.fixture
async def inbox(harness: Harness, name: str) -> Conversations:
    await harness.serve(Agent(name))
    return Conversations(harness.connection)


async def rows_of(inbox: Conversations, id: str) -> dict[str, list[Any]]:
    database = inbox.connection.database
    return {
        "turn": await database.fetch(
            "SELECT number, dropped, content FROM harness_conversations.turn "
            "WHERE conversation = %s ORDER BY number", (id,)),
        "message": await database.fetch(
            "SELECT turn, place, content, words FROM harness_conversations.message "
            "WHERE conversation = %s ORDER BY turn, place", (id,)),
        "conversation": await database.fetch(
            "SELECT owner, agent, state, tags, title, changed, active, card "
            "FROM harness_conversations.conversation WHERE id = %s", (id,)),
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
async def test_a_rebuild_makes_the_same_rows(
    inbox: Conversations, harness: Harness, name: str, model_server: ModelServer, seed: int
) -> None:
    chance = random.Random(seed)
    card = await inbox.create(name, title="First")
    turns = 0
    for step in range(6):
        match chance.choice(["answer", "fail", "rollback", "rename", "sdk", "tag"]):
            case "answer":
                model_server.script(say(f"Answer {step}."))
                await inbox.send(card.id, f"question {step}")
                turns += 1
            case "fail":
                model_server.script(fail(400, "too odd"))
                await inbox.send(card.id, f"odd {step}")
                turns += 1
            case "rollback":
                calls = len(model_server.calls)
                model_server.script(Hang(), say("Better."))
                await inbox.send(card.id, f"mistake {step}")
                await model_server.called(calls + 1)
                await inbox.send(card.id, f"meant {step}", policy="rollback")
                turns += 2
            case "sdk":
                model_server.script(say("From the SDK."))
                await harness.session(card.id).run(Agent(name), f"sdk {step}")
            case "rename":
                await inbox.change(card.id, Change(title=f"Title {step}"))
            case _:
                await inbox.change(card.id, Change(tags=(f"tag{step}",)))
        await answered(inbox, card.id, turns)
    model_server.script(say("The end."))
    await inbox.send(card.id, "the end")
    await answered(inbox, card.id, turns + 1)
    before = await rows_of(inbox, card.id)
    await inbox.connection.database.fetch(
        "DELETE FROM harness_conversations.message WHERE conversation = %s AND turn = 1", (card.id,)
    )
    await project_conversation(harness.connection, await inbox.find(card.id))
    assert await rows_of(inbox, card.id) == before


@pytest.mark.slow
async def test_all_rows_can_be_made_anew(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.always(say("Yes."))
    card = await inbox.create(name, title="Kept", tags=["a"])
    await inbox.send(card.id, "hello")
    await answered(inbox, card.id, 1)
    await inbox.change(card.id, Change(act="archive"))
    before = await rows_of(inbox, card.id)
    for table in TABLES:
        column = "id" if table == "conversation" else "conversation"
        await inbox.connection.database.fetch(
            f"DELETE FROM harness_conversations.{table} WHERE {column} = %s",
            (card.id,),  # type: ignore[arg-type]
        )
    seen: list[tuple[str, int]] = []
    await rebuild_rows(inbox.connection, lambda id, runs: seen.append((id, runs)))
    assert (card.id, 1) in seen
    assert await rows_of(inbox, card.id) == before


async def test_conversations_are_found(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.always(say("The heron flies."))
    cards = [await inbox.create(name, title=f"Bird {n}", tags=[f"t{n}"]) for n in range(5)]
    await inbox.send(cards[2].id, "which bird is gray?")
    await answered(inbox, cards[2].id, 1)

    async def ids(**which: Any) -> list[str]:
        page = await inbox.list(Filter(agent=name, **which))
        return [each.card.id for each in page.conversations]

    newest_first = [cards[n].id for n in (2, 4, 3, 1, 0)]
    assert await ids() == newest_first
    assert await ids(text="heron") == [cards[2].id]
    assert await ids(text="gray bird") == [cards[2].id]
    assert await ids(text='"Bird 3"') == [cards[3].id]
    assert await ids(tag="t1") == [cards[1].id]
    assert await ids(text="nothing'; DROP TABLE x --") == []
    await inbox.change(cards[4].id, Change(act="archive"))
    assert await ids(states=("archived",)) == [cards[4].id]
    pages: list[str] = []
    after = None
    while True:
        page = await inbox.list(
            Filter(agent=name, states=("active", "archived")), limit=2, after=after
        )
        pages += [each.card.id for each in page.conversations]
        if (after := page.next) is None:
            break
    assert pages == newest_first
    with pytest.raises(InvalidValue):
        await inbox.list(after="nonsense")
    for which in (Filter(text="\0"), Filter(tag="a\0"), Filter(agent="\0"), Filter(owner="\0")):
        with pytest.raises(InvalidValue):
            await inbox.list(which)
    first = await inbox.messages(cards[2].id, limit=1)
    second = await inbox.messages(cards[2].id, limit=1, after=first.next)
    assert [m.text for m in (*first.messages, *second.messages)] == [
        "which bird is gray?", "The heron flies.",
    ]  # fmt: skip


async def test_a_fork_and_an_import_go_on_from_the_transcript(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.script(say("A."), say("B."), say("C."), say("D."))
    card = await inbox.create(name, title="Letters")
    await inbox.send(card.id, "a")
    await answered(inbox, card.id, 1)
    await inbox.send(card.id, "b", message="mb")
    await answered(inbox, card.id, 2)
    forked = await inbox.fork(card.id, "mb")
    assert (card.forked_from, forked.forked_from) == (None, card.id)
    await inbox.send(forked.id, "b, in another way")
    await answered(inbox, forked.id, 1)
    assert said(model_server.calls[2].body) == ["a", "A.", "b, in another way"]
    texts = [m.text for m in (await inbox.messages(forked.id)).messages]
    assert texts == ["a", "A.", "b, in another way", "C."]
    exported = await inbox.export(card.id)
    assert "**You**" in render_markdown(exported)
    again = await inbox.load(parse_export(exported.wire().decode()))
    await inbox.send(again.id, "c")
    await answered(inbox, again.id, 1)
    assert said(model_server.calls[3].body) == ["a", "A.", "b", "B.", "c"]
    before = await rows_of(inbox, again.id)
    await project_conversation(inbox.connection, await inbox.find(again.id))
    assert await rows_of(inbox, again.id) == before


async def test_an_export_has_runs_whose_rows_are_not_saved_yet(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.script(say("A."), say("B."))
    card = await inbox.create(name, title="Letters")
    for number, text in enumerate(("a", "b"), 1):
        await inbox.send(card.id, text)
        await answered(inbox, card.id, number)
    whole = await inbox.export(card.id)
    for table in ("turn", "message"):
        await inbox.connection.database.fetch(
            f"DELETE FROM harness_conversations.{table} WHERE conversation = %s RETURNING 1",
            (card.id,),
        )
    again = await inbox.export(card.id)
    assert (again.messages, again.turns) == (whole.messages, whole.turns)
    assert [message.text for message in again.messages] == ["a", "A.", "b", "B."]


@pytest.mark.slow
async def test_encrypted_content_is_read_but_not_searched(
    options: dict[str, Any],
    database_url: str,
    tmp_path: Path,
    name: str,
    model_server: ModelServer,
) -> None:
    model_server.always(say("The heron flies."))
    options |= {"database": {"url": database_url}, "encryption": {"key": new_key()}}
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        await harness.serve(Agent(name))
        inbox = Conversations(harness.connection)
        card = await inbox.create(name, title="Secret birds")
        await inbox.send(card.id, "which bird?")
        await inbox.send(card.id, "and another?", message="second")
        await answered(inbox, card.id, 2)
        page = await inbox.messages(card.id)
        assert page.messages[0].text == "which bird?"
        forked = await inbox.fork(card.id, "second")
        await inbox.send(forked.id, "and in winter?")
        await answered(inbox, forked.id, 1)
        with pytest.raises(SearchUnavailable):
            await inbox.list(Filter(text="heron"))
        for table, rows in (await rows_of(inbox, card.id)).items():
            assert "bird" not in str(rows), table


async def test_a_forgotten_conversation_is_gone(
    options: dict[str, Any],
    database_url: str,
    tmp_path: Path,
    name: str,
    model_server: ModelServer,
) -> None:
    model_server.always(say("The heron flies."))
    options |= {"database": {"url": database_url}, "encryption": {"key": new_key()}}
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        await harness.serve(Agent(name))
        inbox = Conversations(harness.connection)
        card, other = await inbox.create(name), await inbox.create(name)
        await inbox.send(card.id, "which bird?")
        await answered(inbox, card.id, 1)
        empty = await inbox.create(name)
        assert (await forget_run(harness.connection, card.id)).runs == (f"{card.id}.1",)
        await forget_run(harness.connection, empty.id)
        listed = await inbox.list(Filter(agent=name))
        assert [each.card.id for each in listed.conversations] == [other.id]
        assert await rows_of(inbox, card.id) == {"turn": [], "message": [], "conversation": []}
        with pytest.raises((ConversationError, RunError)):
            await inbox.send(card.id, "and now?")
