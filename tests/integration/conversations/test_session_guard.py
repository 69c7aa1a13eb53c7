"""Whoever reaches Temporal can answer for a genuine session, but gets nothing of others by it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness import Agent, Harness
from harness.contracts.errors import ConversationNotFound, RunForged
from harness.contracts.message import Text
from harness.contracts.queues import capability_queue
from harness.conversations.client import Conversations
from harness.conversations.contracts import (
    SESSION,
    Card,
    Change,
    PrepareTurn,
    ProjectCard,
    ProjectTurn,
    SendMessage,
    SessionSpec,
    session_workflow,
)
from harness.conversations.projection import SKEW_S
from harness.conversations.turns import find_newest_head
from harness.sdk.local import host_agents
from harness.store.store_id import get_store_id
from tests.fakes.conversations import answered
from tests.fakes.model_server import ModelServer
from tests.fakes.puppet import Strings
from tests.fakes.runs import eventually
from tests.fakes.steps import say

Asked = tuple[str, Any]
_asked: dict[str, list[Asked]] = {}
_answers: dict[str, Card] = {}


@workflow.defn(name=SESSION)
class Stolen:
    """Answers the tasks of a genuine session, and asks its activities for what a test says."""

    def __init__(self) -> None:
        self.answered = False

    @workflow.run
    async def run(self, spec: SessionSpec) -> list[str]:
        info = workflow.info()
        strings = Strings(info.task_queue)
        said = [await strings.refused(*each) for each in _asked[info.workflow_id]]
        await workflow.wait_condition(lambda: self.answered or bool(said))
        return said

    @workflow.update
    async def change(self, change: Change) -> Card:
        self.answered = True
        return _answers[workflow.info().workflow_id]


class Thief:
    def __init__(self, remote: Harness, agent: str) -> None:
        self.remote, self.agent = remote, agent
        self.ann = Conversations(remote.connection, owner="ann", by="ann")
        self.bob = Conversations(remote.connection, owner="bob", by="bob")

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with host_agents(self.remote.connection) as harness:
            await harness.serve(Agent(self.agent))
            yield

    @asynccontextmanager
    async def stealing(self) -> AsyncGenerator[None]:
        connection = self.remote.connection
        queue = capability_queue("conversations", await get_store_id(connection.database))
        # Of its own: a client accepts one worker of a queue.
        client = await Client.connect(
            connection.temporal.service_client.config.target_host,
            namespace=connection.temporal.namespace,
            data_converter=connection.temporal.data_converter,
        )
        async with Worker(
            client, task_queue=queue, workflows=[Stolen], build_id="evil",
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):  # fmt: skip
            yield

    async def ask(self, card: Card, *asked: Asked) -> list[str]:
        """What the activities say to a session that nobody has served yet."""
        workflow = session_workflow(card.id)
        _asked[workflow] = list(asked)
        handle: Any = self.remote.connection.temporal.get_workflow_handle(workflow)

        async def is_stolen() -> bool:
            return bool((await handle.describe()).raw_description.pending_activities)

        async with self.stealing():
            await eventually(is_stolen)  # from now on its tasks go to the thief alone
            async with self.serving():
                return await handle.result()


@pytest.fixture
def thief(remote: Harness, name: str) -> Thief:
    return Thief(remote, name)


def prepare(card: Card, last: int = 0, head: str | None = None, **more: Any) -> Asked:
    message = SendMessage(id="m", parts=(Text(text="forged"),), by="ann")
    return "prepare_turn", PrepareTurn(card=card, message=message, last=last, head=head, **more)


def altered(card: Card, **fields: Any) -> Card:
    return card.model_copy(update=fields)


async def test_a_session_gets_nothing_of_other_conversations(
    thief: Thief, model_server: ModelServer
) -> None:
    model_server.always(say("Secret."))
    async with thief.serving():
        secret = await thief.ann.create(thief.agent, title="Mine")
        await thief.ann.send(secret.id, "a secret")
        await answered(thief.ann, secret.id, 1)
    head = await find_newest_head(thief.remote.connection, secret)
    assert head is not None
    own = await thief.bob.create(thief.agent)
    asked: list[Asked] = [
        prepare(altered(own, owner="ann")),
        prepare(altered(own, id="elsewhere", owner="ann")),
        prepare(altered(own, model="p/expensive")),
        prepare(secret),
        prepare(secret, 1, head),
        prepare(own, 0, head),
        prepare(own, 1, head),
        prepare(own, 1_000_000, head),
        prepare(altered(own, base=head), 0, head),
        ("project_card", ProjectCard(card=altered(secret, owner="bob", changed=9e9))),
        ("project_card", ProjectCard(card=altered(secret, title="Taken", changed=9e9))),
        ("project_card", ProjectCard(card=altered(own, base=head))),
        ("project_turn", ProjectTurn(card=secret, number=1)),
        ("project_turn", ProjectTurn(card=own, number=1_000_000)),
    ]
    assert await thief.ask(own, *asked) == ["run.forged"] * len(asked)
    with pytest.raises(ConversationNotFound):
        await thief.bob.find(secret.id)
    assert await thief.ann.find(secret.id) == secret
    assert (await thief.bob.messages(own.id)).messages == ()
    assert await thief.remote.connection.stores.sessions.find_last(own.id) == 0


async def test_a_card_from_the_future_does_not_win_forever(thief: Thief) -> None:
    async with thief.serving():
        pass  # publishes the agent
    own = await thief.bob.create(thief.agent)
    taken = altered(own, title="Taken", changed=9e9)
    never = {**taken.model_dump(mode="json"), "changed": "NaN"}
    asked: list[Asked] = [("project_card", {"card": each}) for each in (taken, never)]
    assert await thief.ask(own, *asked) == ["not refused: None"] * 2
    found = await thief.bob.find(own.id)
    assert found.title == "Taken"  # its own session may say so
    assert found.changed < time.time() + 2 * SKEW_S


async def test_what_a_session_answers_is_not_written_to_others(thief: Thief) -> None:
    async with thief.serving():
        secret = await thief.ann.create(thief.agent, title="Mine")
    own = await thief.bob.create(thief.agent)
    workflow = session_workflow(own.id)
    _asked[workflow], _answers[workflow] = [], altered(secret, owner="bob", changed=9e9)
    async with thief.stealing():
        with pytest.raises(RunForged):
            await thief.bob.change(own.id, Change(title="x"))
    assert await thief.ann.find(secret.id) == secret
