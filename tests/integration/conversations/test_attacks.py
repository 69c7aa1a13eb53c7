"""What others may try with somebody's conversation, and what a crash may do to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowUpdateStage

from harness import Agent, Harness
from harness.contracts.errors import (
    ConversationExists,
    ConversationNotFound,
    InboxFull,
    InvalidMessage,
    MessageTooLarge,
)
from harness.contracts.queues import capability_queue
from harness.conversations.client import Conversations
from harness.conversations.contracts import (
    MAX_MESSAGE_BYTES,
    SESSION,
    Card,
    Change,
    Receipt,
    SendMessage,
    SessionSpec,
    session_workflow,
)
from harness.conversations.rebuild import rebuild_rows
from harness.runs.steer import abort_run
from harness.sdk.local import host_agents
from harness.store.store_id import get_store_id
from tests.fakes.conversations import answered, said
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import Hang, say

FEW = 12
FEW_ATTEMPTS = 4


@pytest.fixture
async def inbox(harness: Harness, name: str) -> Conversations:
    await harness.serve(Agent(name))
    return Conversations(harness.connection)


async def test_someone_elses_conversation_does_not_exist(
    inbox: Conversations, harness: Harness, name: str, model_server: ModelServer
) -> None:
    model_server.always(say("Secret."))
    ann = Conversations(harness.connection, owner="ann", by="ann")
    bob = Conversations(harness.connection, owner="bob", by="bob")
    card = await ann.create(name, title="Mine", owner="bob")
    assert card.owner == "ann"
    await ann.send(card.id, "a secret")
    await answered(ann, card.id, 1)
    for attempt in (
        bob.read(card.id),
        bob.messages(card.id),
        bob.send(card.id, "hello"),
        bob.change(card.id, Change(act="delete")),
        bob.export(card.id),
        bob.fork(card.id, f"{card.id}.1"),
    ):
        with pytest.raises(ConversationNotFound):
            await attempt
    assert card.id not in [c.card.id for c in (await bob.list()).conversations]
    assert card.id in [c.card.id for c in (await inbox.list()).conversations]
    with pytest.raises(ConversationExists):
        await bob.create(name, id=card.id)
    assert len(model_server.calls) == 1


async def test_runs_of_another_session_are_not_adopted(
    inbox: Conversations, harness: Harness, name: str, model_server: ModelServer
) -> None:
    """Whoever names a conversation after somebody's session must not read its transcript."""
    model_server.always(say("Secret."))
    session = harness.session()
    await session.run(Agent(name), "a secret")
    with pytest.raises(ConversationExists):
        await Conversations(harness.connection, owner="bob").create(name, id=session.id)
    card = await inbox.create(name, id=session.id)  # whoever sees all runs may
    await inbox.send(card.id, "go on")
    await answered(inbox, card.id, 1)
    assert said(model_server.calls[-1].body) == ["a secret", "Secret.", "go on"]


async def test_a_run_planted_in_the_session_is_not_read(
    harness: Harness, name: str, model_server: ModelServer
) -> None:
    """A run of someone else gets the conversation's next id before the conversation does."""
    model_server.always(say("Hello."))
    await harness.serve(Agent(name))
    ann = Conversations(harness.connection, owner="ann")
    card = await ann.create(name)
    await harness.run(Agent(name), "planted", id=f"{card.id}.1")
    receipt = await ann.send(card.id, "hello")
    assert receipt.run == f"{card.id}.2"
    await answered(ann, card.id, 1)
    assert said(model_server.calls[-1].body) == ["hello"]
    assert [m.text for m in (await ann.messages(card.id)).messages] == ["hello", "Hello."]


async def test_what_is_too_much_is_refused(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.script(Hang())
    card = await inbox.create(name)
    with pytest.raises(MessageTooLarge):
        await inbox.send(card.id, "x" * (MAX_MESSAGE_BYTES + 1))
    with pytest.raises(InvalidMessage):
        await inbox.send(card.id, " \n")
    with pytest.raises(InvalidMessage):
        await inbox.send(card.id, "half \ud83d")
    with pytest.raises(InvalidMessage):
        await inbox.change(card.id, Change(title="x" * 201))
    handle: Any = inbox.connection.temporal.get_workflow_handle(session_workflow(card.id))
    by_hand = SendMessage.model_validate({
        "id": "m", "parts": [{"type": "text", "text": "x" * (MAX_MESSAGE_BYTES + 1)}]
    })  # fmt: skip
    with pytest.raises(Exception, match=r"refused|rejected|failed"):
        await handle.execute_update("send", by_hand)
    with pytest.raises(Exception, match=r"refused|rejected|failed|Failed"):
        await handle.execute_update("send", {"text": 1})
    await inbox.send(card.id, "first")
    for _ in range(4):  # 4 MB, less the words around them
        await inbox.send(card.id, "x" * 999_000)
    with pytest.raises(InboxFull):
        await inbox.send(card.id, "x" * 10_000)
    session = (await inbox.read(card.id)).session
    assert session is not None
    assert len(session.queue) == 4


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches quickly."""
    monkeypatch.setattr("harness_workflows.session.inbox.MAX_WAITING", FEW)
    monkeypatch.setattr("harness_workflows.session.session.MANY_UPDATES", FEW)


@pytest.mark.slow
async def test_a_full_inbox_goes_on_in_a_fresh_history(
    small: None, inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.script(Hang())
    card = await inbox.create(name)
    await inbox.send(card.id, "first")
    await model_server.called()
    outcomes = await asyncio.gather(
        *(inbox.send(card.id, f"{number}", message=f"m{number}") for number in range(FEW))
    )
    assert {each.outcome for each in outcomes} == {"queued"}
    with pytest.raises(InboxFull):
        await inbox.send(card.id, "too much")
    again = await inbox.send(card.id, "0", message="m0")
    assert again == outcomes[0]
    handle = inbox.connection.temporal.get_workflow_handle(session_workflow(card.id))
    before = (await handle.describe()).run_id
    await inbox.change(card.id, Change(act="archive"))
    await abort_run(inbox.connection, f"{card.id}.1", "enough", undo=False)

    async def newest() -> str | None:
        return (await handle.describe()).run_id

    await eventually(newest, lambda found: found != before, 20)
    session = (await inbox.read(card.id)).session
    assert session is not None
    assert session.card.state == "archived"
    assert len(session.queue) == FEW
    assert await inbox.send(card.id, "0", message="m0") == again
    model_server.always(say("Yes."))
    await inbox.change(card.id, Change(act="restore"))
    view = await answered(inbox, card.id, FEW + 1, 40)
    assert [turn.message for turn in view.turns][1:] == [
        each.message for each in sorted(outcomes, key=lambda each: each.position)
    ]


async def test_two_clients_with_one_id_send_one_message(
    inbox: Conversations, name: str, model_server: ModelServer
) -> None:
    model_server.always(say("Yes."))
    card = await inbox.create(name)
    handle = inbox.connection.temporal.get_workflow_handle(session_workflow(card.id))
    sent = SendMessage.model_validate({"id": "m", "parts": [{"type": "text", "text": "hello"}]})
    receipts: list[Any] = await asyncio.gather(
        *(inbox.send(card.id, "hello", message="m") for _ in range(4)),
        *(handle.execute_update("send", sent, id=f"m{n}", result_type=Receipt) for n in range(2)),
    )
    assert {each.run for each in receipts} == {f"{card.id}.1"}
    await answered(inbox, card.id, 1)
    assert len(model_server.calls) == 1


async def test_a_session_started_by_hand_is_not_served(
    inbox: Conversations, harness: Harness, name: str, model_server: ModelServer
) -> None:
    model_server.always(say("Yes."))
    connection = harness.connection
    forged = Card(
        id=name, agent=name, owner="ann", state="active", policy="queue", created=1.0, changed=1.0
    )
    queue = capability_queue("conversations", await get_store_id(connection.database))
    handle = await connection.temporal.start_workflow(
        SESSION, SessionSpec(card=forged), id=session_workflow(name), task_queue=queue,
        memo={"conversation": forged},
    )  # fmt: skip
    sent = SendMessage.model_validate({"id": "m", "parts": [{"type": "text", "text": "hello"}]})
    await handle.start_update("send", sent, wait_for_stage=WorkflowUpdateStage.ACCEPTED)

    async def refused() -> list[PendingActivityInfo]:
        described = (await handle.describe()).raw_description
        return [each for each in described.pending_activities if each.attempt > FEW_ATTEMPTS]

    for each in await eventually(refused, lambda found: len(found) == 2, 40):
        assert each.last_failure.application_failure_info.type == "run.unsigned"
        pause = each.current_retry_interval.ToTimedelta().total_seconds()
        assert pause >= 2 ** (FEW_ATTEMPTS - 2), "a busy loop"
    view: Any = await handle.query("describe")
    assert view["open"]["message"] == "m"
    assert (view["open"]["state"], view.get("turns", [])) == ("preparing", [])
    rebuilt = await rebuild_rows(connection, lambda id, runs: None)
    assert f"{name}: harness did not start its session" in rebuilt.left
    assert name not in [c.card.id for c in (await inbox.list(limit=500)).conversations]
    with pytest.raises(ConversationNotFound):
        await inbox.find(name)
    assert not model_server.calls
    await handle.terminate()


@asynccontextmanager
async def serving(remote: Harness, name: str) -> AsyncGenerator[None]:
    async with host_agents(remote.connection) as harness:
        await harness.serve(Agent(name))
        yield


async def test_what_was_sent_without_a_worker_is_answered_later(
    remote: Harness, name: str, model_server: ModelServer
) -> None:
    """A worker is gone after the conversation was created: the message waits in Temporal."""
    model_server.always(say("Yes."))
    inbox = Conversations(remote.connection)
    async with serving(remote, name):
        card = await inbox.create(name)
        await inbox.send(card.id, "one")
        await answered(inbox, card.id, 1)
    sending = asyncio.create_task(inbox.send(card.id, "two", message="two"))
    await asyncio.sleep(0)
    async with serving(remote, name):
        assert (await sending).run == f"{card.id}.2"
        await answered(inbox, card.id, 2)
