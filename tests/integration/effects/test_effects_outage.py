"""Writes whose database becomes unavailable, or whose workers die repeatedly."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType

from harness import Agent, Harness, ToolContext, tool
from harness.contracts import event as e
from harness.contracts.errors import ToolError, ToolUnavailable
from harness.contracts.run_limits import MAX_WAITS
from harness.store import Database, Ledger
from harness.store.effects import NewEffect
from harness.store.locks import lock_number
from harness.store.migrate import open_database
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, eventually, one
from tests.fakes.steps import call, say

HOLDERS = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
AND classid::bigint = %s AND objid::bigint = %s
"""
CUT = "SELECT pg_terminate_backend(%s)"


async def holders(database: Database, key: str) -> list[int]:
    number = lock_number(key) % 2**64
    found = await database.fetch(HOLDERS, (number >> 32, number % 2**32))
    return [row[0] for row in found]


async def test_an_acting_attempt_retakes_its_lock_automatically(runs_database: str) -> None:
    """Else a call that acts for long looks dead to everybody, once its connection was lost."""
    first, second = [Ledger(await open_database(runs_database)) for _ in range(2)]
    key = uuid.uuid4().hex
    new = NewEffect(
        key=key, origin="o", run=f"run-{key}", agent="a", turn=1, call="c", tool="t",
        effect="write", arguments={},
    )  # fmt: skip
    hold = await first.begin(new)
    [before] = await holders(second.database, key)
    await second.database.fetch(CUT, (before,))
    await eventually(
        lambda: holders(second.database, key), lambda found: bool(found) and found != [before]
    )
    with pytest.raises(ToolError, match="still running"):
        await second.begin(new)
    await first.mark_done(hold, {"content": "made"}, None)
    assert (await second.begin(new)).state == "done"
    for ledger in (first, second):
        await ledger.close()
        await ledger.database.close()


async def test_an_outage_during_a_transaction_is_not_a_failure_of_the_tool(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    @tool
    async def enter(ctx: ToolContext[None]) -> str:
        "Make an entry."
        async with ctx.transaction() as connection:
            if ctx.attempt == 1:
                pid = connection.info.backend_pid
                await harness.connection.database.fetch(CUT, (pid,))
            await connection.execute("SELECT 1")
        return f"entered at {ctx.attempt}"

    model_server.script(call("enter"), say("Done."))
    run = await harness.start(Agent(name, tools=[enter]), "Enter.")
    finished = one(await all_events(run), e.ToolCallFinished)
    assert (finished.content, finished.ok) == ("entered at 2", True)
    assert [row.state for row in await run.effects()] == ["done"]


async def test_an_error_of_a_statement_is_the_tools_own(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    @tool
    async def enter(ctx: ToolContext[None]) -> str:
        "Make an entry."
        async with ctx.transaction() as connection:
            await connection.execute("SET statement_timeout = 1")
            await connection.execute("SELECT pg_sleep(1)")
        return "entered"

    model_server.script(call("enter"), say("Done."))
    run = await harness.start(Agent(name, tools=[enter]), "Enter.")
    finished = one(await all_events(run), e.ToolCallFinished)
    assert (finished.ok, finished.attempts) == (False, 1)
    assert "statement timeout" in finished.content


async def test_the_last_attempt_is_never_the_one_that_acts(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """A write is scheduled with more attempts than the tool may fail: if the worker of its last
    one died, nobody would ask what came of it."""
    tries: list[int] = []

    @tool(attempts=2)
    async def book(ctx: ToolContext[None]) -> str:
        "Book."
        tries.append(ctx.attempt)
        raise ToolUnavailable("The line is busy.", retry_after=0.01)

    model_server.script(call("book"), say("Done."))
    run = await harness.start(Agent(name, tools=[book]), "Book.")
    assert not one(await all_events(run), e.ToolCallFinished).ok
    assert tries == [1, 2]
    history = await harness.connection.temporal.get_workflow_handle(run.id).fetch_history()
    scheduled: list[Any] = [
        entry.activity_task_scheduled_event_attributes
        for entry in history.events
        if entry.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    attempts = {each.activity_type.name: each.retry_policy.maximum_attempts for each in scheduled}
    assert attempts["run_tool"] > 2
    assert attempts["call_model"] == attempts["run_tool"] + MAX_WAITS
