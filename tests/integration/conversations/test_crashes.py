"""A worker is killed at any moment: no message is lost, and none is answered twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from harness import Harness
from harness.conversations.client import Conversations
from harness.conversations.contracts import session_workflow
from harness.runs.published import store_agent
from tests.fakes.conversations import answered
from tests.fakes.fixtures import forge as forge
from tests.fakes.fixtures import worker as worker
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import call, say
from tests.fakes.worker_process import WorkerProcess, agent

MESSAGES = 4
SECONDS = 50.0


@pytest.fixture
async def inbox(remote: Harness, name: str, tmp_path: Path) -> Conversations:
    connection = remote.connection
    stored = await store_agent(connection, agent(name, tmp_path))
    await connection.stores.agents.publish(connection.endpoints.namespace, stored, "test", "test")
    return Conversations(connection)


def prepared(event: HistoryEvent) -> bool:
    """A run is prepared, and its start comes next."""
    return event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED


def scheduled(event: HistoryEvent) -> bool:
    return event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED


def started(event: HistoryEvent) -> bool:
    return event.event_type == EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED


@pytest.mark.slow
@pytest.mark.parametrize("moment", [scheduled, prepared, started], ids=lambda each: each.__name__)
async def test_a_worker_killed_around_the_start_of_a_run(
    inbox: Conversations,
    worker: WorkerProcess,
    model_server: ModelServer,
    name: str,
    moment: Callable[[HistoryEvent], bool],
) -> None:
    model_server.always(say("Yes."))
    card = await inbox.create(name)
    worker.start()
    sending = asyncio.create_task(send_all(inbox, card.id))
    await until_event(inbox, card.id, moment)
    worker.replace()
    await sending
    await check_answered_once(inbox, card.id)


@pytest.mark.slow
async def test_a_worker_killed_in_the_middle_of_a_run(
    inbox: Conversations,
    worker: WorkerProcess,
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
) -> None:
    model_server.always(
        lambda body: say("Dug.") if "function_call_output" in str(body["input"][-1])
        else call("dig", where="here")
    )  # fmt: skip
    (tmp_path / "hold").touch()
    card = await inbox.create(name)
    worker.start()
    sending = asyncio.create_task(send_all(inbox, card.id))
    while not (tmp_path / "digging").exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.01)
    await sending
    worker.replace()
    (tmp_path / "hold").unlink()
    await check_answered_once(inbox, card.id)


async def send_all(inbox: Conversations, id: str) -> None:
    for number in range(MESSAGES):
        await inbox.send(id, f"message {number}", message=f"m{number}")


async def until_event(
    inbox: Conversations, id: str, moment: Callable[[HistoryEvent], bool]
) -> None:
    handle = inbox.connection.temporal.get_workflow_handle(session_workflow(id))
    async for event in handle.fetch_history_events(wait_new_event=True):
        if moment(event):
            return


async def check_answered_once(inbox: Conversations, id: str) -> None:
    view = await answered(inbox, id, MESSAGES, SECONDS)
    assert [(turn.message, turn.state) for turn in view.turns] == [
        (f"m{number}", "completed") for number in range(MESSAGES)
    ]
    messages = (await inbox.messages(id)).messages
    asked = Counter(each.text for each in messages if each.role == "user")
    assert asked == {f"message {number}": 1 for number in range(MESSAGES)}
    assert view.last == MESSAGES
