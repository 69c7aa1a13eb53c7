"""Histories of sessions."""

from __future__ import annotations

from typing import Any

from harness import Agent, Harness
from harness.conversations.client import Conversations
from harness.conversations.contracts import Change, session_workflow
from harness.sdk.handle import RunHandle
from harness_workflows.session import session
from tests.fakes.conversations import answered
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import Hang, fail, say


async def answered_in_order(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """Two messages, of which one waits, a hint, a change and a turn that fails."""
    inbox = await _inbox(harness, name)
    model.script(say("One.", wait=0.5), Hang(), say("Two, briefly."), fail(400, "too odd"))
    await inbox.send(name, "one", message="m1")
    await inbox.send(name, "two", message="m2")
    await model.called(2)
    await inbox.send(name, "be brief", message="m3", policy="interrupt")
    await inbox.change(name, Change(title="Counting", tags=("numbers",)))
    await answered(inbox, name, 2)
    await inbox.send(name, "three", message="m4")
    await answered(inbox, name, 3)
    return await _stopped(harness, name)


async def rolled_back(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    inbox = await _inbox(harness, name)
    model.script(Hang(), say("Better."))
    await inbox.send(name, "a mistake", message="m1")
    await model.called(1)
    await inbox.send(name, "as I meant it", message="m2", policy="rollback")
    await answered(inbox, name, 2)
    return await _stopped(harness, name)


async def continued(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """The second execution of a session: a message waits when it begins."""
    inbox = await _inbox(harness, name)
    model.script(say("One.", wait=0.5), say("Two."))
    many, session.MANY_UPDATES = session.MANY_UPDATES, 2
    await inbox.send(name, "one", message="m1")
    await inbox.send(name, "two", message="m2")
    await model.called(1)
    handle: Any = harness.connection.temporal.get_workflow_handle(session_workflow(name))
    first = (await handle.describe()).run_id

    async def newest() -> str:
        return (await handle.describe()).run_id

    await eventually(newest, lambda found: found != first)
    session.MANY_UPDATES = many
    await answered(inbox, name, 2)
    return await _stopped(harness, name)


async def _inbox(harness: Harness, name: str) -> Conversations:
    await harness.serve(Agent(name))
    inbox = Conversations(harness.connection)
    await inbox.create(name, id=name)
    return inbox


async def _stopped(harness: Harness, name: str) -> RunHandle[Any]:
    """A session never ends on its own."""
    handle = harness.connection.temporal.get_workflow_handle(session_workflow(name))
    await handle.terminate("recorded")
    return harness.get_run(handle.id)
