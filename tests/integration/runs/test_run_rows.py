"""What lists say of runs from their memo: what was asked, and what waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Memo, SearchAttributes, WorkflowType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import StartWorkflowExecutionRequest

from harness import Agent, Harness
from harness.config.settings import settings_model
from harness.conversations.client import Conversations
from harness.crypto.keyring import new_key
from harness.history import live
from harness.runs.listing import RunNeed, RunRow, list_page, list_waiting
from harness.runs.memo import LINE_CHARS
from tests.fakes.conversations import answered
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send, waiting
from tests.fakes.steps import call, say


async def rows_of(harness: Harness, query: str) -> list[RunRow]:
    return (await list_page(harness.connection, query, b"", 100))[0]


async def row_of(harness: Harness, run: str, state: str) -> RunRow:
    query = f"WorkflowId = '{run}' AND HarnessState = '{state}'"
    return (await eventually(lambda: rows_of(harness, query)))[0]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_rows_tell_what_was_asked_and_what_waits(
    options: dict[str, Any],
    database_url: str,
    tmp_path: Path,
    name: str,
    model_server: ModelServer,
    encrypted: bool,
) -> None:
    model_server.script(call("send", to="ann", text="hi"), say("Done."), say("Hello."))
    if encrypted:
        options |= {"database": {"url": database_url}, "encryption": {"key": new_key()}}
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        agent = Agent(name, tools=[send])
        run = await harness.start(agent, "\n  Write to Ann.\nShe is in Rome.")
        [pending] = await waiting(run)
        row = await row_of(harness, run.id, "waiting")
        assert row.asked == "Write to Ann."
        [need] = row.waiting or ()
        assert need == RunNeed(
            id=pending.id, need="approval", tool="send", question=pending.question
        )
        await _plant_copy(harness, f"{name}-copy", run.id, readable=not encrypted)
        await run.approve(pending.id)
        await run.result()
        ended = await row_of(harness, run.id, "completed")
        assert (ended.asked, ended.waiting) == ("Write to Ann.", None)
        inbox = Conversations(harness.connection)
        card = await inbox.create(name)
        await inbox.send(card.id, "x" * 999)
        await answered(inbox, card.id, 1)
        turn = await row_of(harness, f"{card.id}.1", "completed")
        assert turn.asked == "x" * (LINE_CHARS - 1) + "…"


async def _plant_copy(harness: Harness, id: str, run: str, *, readable: bool) -> None:
    """A workflow of anyone who reaches Temporal, with the memo and the attributes of a run: a memo
    that is encrypted must stay so."""
    client = harness.connection.temporal
    info = (await live.describe_execution(client, run)).workflow_execution_info
    found = info.search_attributes.indexed_fields
    ours = {name: value for name, value in found.items() if name.startswith("Harness")}
    await client.workflow_service.start_workflow_execution(
        StartWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_id=id,
            workflow_type=WorkflowType(name="AgentRun"),
            task_queue=TaskQueue(name=f"nobody-{id}"),
            request_id=id,
            memo=Memo(fields=dict(info.memo.fields)),
            search_attributes=SearchAttributes(indexed_fields=ours),
        )
    )
    try:
        row = await row_of(harness, id, "waiting")
        assert bool(row.asked and row.waiting) == readable
        page, _ = await list_waiting(harness.connection, f"WorkflowId = '{id}'", b"", 10)
        assert len(page) == readable
    finally:
        await client.get_workflow_handle(id).terminate()


async def test_a_memo_that_is_no_text_hides_nothing(harness: Harness, name: str) -> None:
    client = harness.connection.temporal
    handle = await client.start_workflow(
        "AgentRun", id=name, task_queue=f"nobody-{name}", memo={"asked": {"text": 1}}
    )
    try:
        [row] = await eventually(lambda: rows_of(harness, f"WorkflowId = '{name}'"))
        assert row.asked is None
    finally:
        await handle.terminate()
