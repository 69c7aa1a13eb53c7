"""An effect happens once, whatever crashes at any time, and whichever attempts compete for it."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from harness import Agent, Happened, Harness, ToolContext, tool
from harness.config.settings import settings_model
from harness.contracts import event as e
from harness.contracts.errors import ToolError, ToolUnavailable
from harness.contracts.run import RunState
from harness.sdk.handle import RunHandle
from harness.store import Database, Ledger, NewEffect
from harness.store.effects import BEGIN, END_UNLOCK
from harness.store.locks import LockSession, lock_number
from harness.store.migrate import open_database
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, eventually, look, one, waiting
from tests.fakes.steps import call, say
from tests.fakes.warm_python import warm_python

_WORKER = """
import asyncio, json, os, sys, time
from pathlib import Path
from harness import Agent, Harness, ToolContext, tool
from harness.config.settings import settings_model
from harness.store.effects import Ledger

options, project, name, point, policy = sys.argv[1:]
book = Path(project) / "book"

def dies(here):
    if here == point:
        print("dead", flush=True)
        time.sleep(60)

@tool(on_unknown=policy or None)
async def pay(amount: int, ctx: ToolContext[None]) -> str:
    "Pay."
    dies("before")
    with book.open("a") as lines:
        lines.write(ctx.idempotency_key + "\\n")
    dies("in")
    return "paid"

if not policy:
    @pay.probe
    def paid(ctx, arguments):
        raise AssertionError("the one who dies does not look")

done = Ledger.mark_done
async def after(self, *args, **kwargs):
    await done(self, *args, **kwargs)
    dies("after")
Ledger.mark_done = after

async def main():
    settings = settings_model().model_validate(json.loads(options))
    async with Harness.local(project=Path(project), settings=settings) as harness:
        run = await harness.start(Agent(name, tools=[pay]), "Pay 5.")
        print("run", run.id, flush=True)
        await run.result()

asyncio.run(main())
"""


async def died(options: dict[str, Any], project: Path, name: str, point: str, policy: str) -> str:
    """The id of a run whose only worker was killed at that point."""
    child = await asyncio.create_subprocess_exec(
        *warm_python("-c", _WORKER, json.dumps(options), str(project), name, point, policy),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout
    said = [(await child.stdout.readline()).decode().split() for _ in range(2)]
    child.kill()
    await child.wait()
    return next(words[1] for words in said if words[0] == "run")


def lines(project: Path) -> list[str]:
    book = project / "book"
    return book.read_text().split() if book.exists() else []


def payer(name: str, project: Path, policy: Any = "ask") -> Agent[None, str]:
    @tool(on_unknown=policy or None)
    async def pay(amount: int, ctx: ToolContext[None]) -> str:
        "Pay."
        with (project / "book").open("a") as book:
            book.write(f"{ctx.idempotency_key}\n")
        return "paid again"

    def paid(ctx: ToolContext[None], arguments: Any) -> Happened | None:
        return Happened("paid before") if ctx.idempotency_key in lines(project) else None

    if not policy:
        pay.probe(paid)
    return Agent(name, tools=[pay])


@pytest.mark.parametrize(
    ("point", "policy", "paid", "said"),
    [
        pytest.param(  # a declared probe is used without a word more
            "before", "", 1, "paid again", marks=pytest.mark.slow
        ),
        ("in", "", 1, "paid before"),
        pytest.param("in", "retry", 2, "paid again", marks=pytest.mark.slow),
        pytest.param("after", "ask", 1, "paid", marks=pytest.mark.slow),
    ],
)
async def test_a_worker_is_killed(
    options: dict[str, Any], tmp_path: Path, model_server: ModelServer, name: str,
    point: str, policy: str, paid: int, said: str,
) -> None:  # fmt: skip
    model_server.script(call("pay", amount=5), say("Done."))
    id = await died(options, tmp_path, name, point, policy)
    async with Harness.local(
        project=tmp_path, settings=settings_model().model_validate(options)
    ) as harness:
        await harness.serve(payer(name, tmp_path, policy))
        run = harness.get_run(id)
        assert one(await all_events(run), e.ToolCallFinished).content == said
        [row] = await run.effects()
    assert (row.state, row.result) == ("done", said)
    assert lines(tmp_path) == [row.key] * paid


@pytest.mark.slow
async def test_a_person_reports_the_outcome(
    options: dict[str, Any], tmp_path: Path, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("pay", amount=5), say("Done."))
    id = await died(options, tmp_path, name, "in", "ask")
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        await harness.serve(payer(name, tmp_path))
        run = harness.get_run(id)
        [pending] = await waiting(run)
        assert pending.need == "outcome"
        [row] = await run.effects()
        assert row.state == "begun"
        await run.answer("receipt 17")
        assert one(await all_events(run), e.ToolCallFinished).content == "receipt 17"
        [row] = await run.effects()
    assert (row.state, row.result, row.attempt) == ("done", "receipt 17", 1)
    assert len(lines(tmp_path)) == 1


async def reset(harness: Harness, run: RunHandle[Any], task: int = 1) -> None:
    """As the Temporal page does it: back to where the task with this number ended."""
    client = harness.connection.temporal
    described = await client.get_workflow_handle(run.id).describe()
    history = await client.get_workflow_handle(run.id, run_id=described.run_id).fetch_history()
    done = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    ids = [entry.event_id for entry in history.events if entry.event_type == done]
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=described.run_id),
            reason="again",
            workflow_task_finish_event_id=ids[task - 1],
            request_id=str(uuid.uuid4()),
        )
    )


@pytest.mark.parametrize("task", [1, 2])
async def test_a_reset_repeats_no_effect(
    harness: Harness, model_server: ModelServer, name: str, task: int
) -> None:
    made: list[str] = []

    @tool
    async def pay(amount: int, ctx: ToolContext[None]) -> str:
        "Pay."
        made.append(ctx.idempotency_key)
        return f"paid, {len(made)} in all"

    model_server.script(call("pay", amount=5), say("Done."))
    agent = Agent(name, tools=[pay])
    run = await harness.start(agent, "Pay.")
    await run.outcome()
    for _ in range(2):  # a reset, and the reset of that
        model_server.script(*([call("pay", amount=5)] if task == 1 else []), say("Done again."))
        await reset(harness, run, task)
        assert (await run.outcome()).state is RunState.COMPLETED
    assert len(made) == 1
    [row] = await run.effects()
    assert row.result == "paid, 1 in all"


async def test_what_a_dropped_branch_did_can_be_undone(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    undone: list[Any] = []

    @tool
    async def pay(amount: int) -> str:
        "Pay."
        return "paid"

    @pay.undo
    def repay(ctx: ToolContext[None], receipt: Any) -> None:
        undone.append(ctx.turn)

    model_server.script(call("pay", amount=5), say("Done."))
    run = await harness.start(Agent(name, tools=[pay]), "Pay.")
    await run.outcome()
    model_server.script(call("pay", amount=6), say("Done."))
    await reset(harness, run)
    await run.outcome()
    rows = await run.effects()
    if len(rows) == 1:  # the paid answer of the first branch was found, so it is the same call
        assert rows[0].arguments == {"amount": 5}
    report = await run.undo()
    assert [step.state for step in report.steps] == ["undone"] * len(rows)
    assert undone == [1] * len(rows)


async def test_two_concurrent_attempts_make_one_effect(
    options: dict[str, Any], runs_database: str
) -> None:
    """Two workers have the same call: one acts, the other waits for its outcome."""
    async with asyncio.timeout(10):
        first, second = [Ledger(await open_database(runs_database)) for _ in range(2)]
        key = uuid.uuid4().hex
        new = NewEffect(
            key=key, origin="o", run=f"run-{key}", agent="a", turn=1, call="c", tool="t",
            effect="write", arguments={"text": "\0"},
        )  # fmt: skip
        hold = await first.begin(new)
        for other in (first, second):
            with pytest.raises(ToolError) as caught:
                await other.begin(new)
            assert caught.value.code == "tool.busy"
        await first.mark_done(hold, {"content": "made"}, {"way": "back"})
        seen = await second.begin(new)
        assert (seen.state, seen.result, seen.receipt) == (
            "done", {"content": "made"}, {"way": "back"},
        )  # fmt: skip
        await second.release(seen)
        for ledger in (first, second):
            await ledger.close()
            await ledger.database.close()


async def test_an_attempt_that_lost_the_lock_cannot_overwrite_the_next_one(
    runs_database: str,
) -> None:
    first, second = [Ledger(await open_database(runs_database)) for _ in range(2)]
    key = uuid.uuid4().hex
    new = NewEffect(
        key=key, origin="o", run=f"run-{key}", agent="a", turn=1, call="c", tool="t",
        effect="write", arguments={}, receipt={"before": 1},
    )  # fmt: skip
    hold = await first.begin(new)
    await _cut(second.database, key)

    async def taken() -> Any:
        try:
            return await second.begin(new)
        except ToolError:
            return None

    found = await eventually(taken)
    assert (found.state, found.attempt, found.receipt) == ("begun", 1, {"before": 1})
    again = await second.begin_again(found)
    assert (again.attempt, again.receipt) == (2, {"before": 1})
    with pytest.raises(ToolError, match="took over the call"):
        await first.mark_done(hold, {"content": "late"}, None)
    await second.mark_done(again, {"content": "made"}, None)
    [row] = await second.effects_of_run(f"run-{key}")
    assert (row.state, row.result, row.attempt) == ("done", "made", 2)
    for ledger in (first, second):
        await ledger.close()
        await ledger.database.close()


async def test_an_effect_in_our_postgres_shares_the_transaction(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    table = f"orders_{uuid.uuid4().hex}"
    database = harness.connection.database
    await database.fetch(f"CREATE TABLE {table} (n integer)")  # type: ignore[arg-type]

    @tool(on_unknown="retry")
    async def order(n: int, ctx: ToolContext[None]) -> str:
        "Order."
        async with ctx.transaction() as connection:
            await connection.execute(f"INSERT INTO {table} VALUES (%s)", (n,))  # type: ignore[arg-type]
        if n < 0:
            raise ValueError("below zero")
        if ctx.attempt == 1 and n == 7:
            raise ToolUnavailable("The line is busy.", retry_after=0.02)
        return "ordered"

    @order.undo
    async def cancel(ctx: ToolContext[None], receipt: Any) -> None:
        async with ctx.transaction() as connection:
            await connection.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]

    model_server.script(call("order", n=7), call("order", n=-1), say("Done."))
    run = await harness.start(Agent(name, tools=[order]), "Order.")
    await run.outcome()
    assert await database.fetch(f"SELECT n FROM {table}") == [(7,)]  # type: ignore[arg-type]
    done, failed = await run.effects()
    assert (done.state, done.attempt, done.result) == ("done", 2, "ordered")
    assert (failed.state, failed.note) == ("failed", "order failed: ValueError: below zero")
    await run.undo()
    assert await database.fetch(f"SELECT n FROM {table}") == []  # type: ignore[arg-type]


async def test_an_abandoned_thread_still_records_its_outcome(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    import threading

    go = threading.Event()

    @tool(timeout=0.2)
    def slow() -> str:
        "Take long."
        go.wait(10)
        return "slow, but done"

    model_server.script(call("slow"), say("Done."))
    run = await harness.start(Agent(name, tools=[slow]), "Go.")
    [pending] = await waiting(run)
    assert pending.need == "outcome"
    go.set()
    await eventually(run.effects, lambda rows: rows[0].state == "done")
    await run.approve()  # again, they say: but by now it is known
    assert one(await all_events(run), e.ToolCallFinished).content == "slow, but done"


async def test_a_write_costs_two_round_trips_and_a_read_none(
    harness: Harness, model_server: ModelServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    fetch = LockSession.fetch

    async def counted(self: LockSession, query: Any, params: Any) -> Any:
        made.append(query)
        return await fetch(self, query, params)

    @tool
    async def pay(amount: int) -> str:
        "Pay."
        return "paid"

    monkeypatch.setattr(LockSession, "fetch", counted)
    model_server.script(call("look", place="a"), call("pay", amount=5), say("Done."))
    run = await harness.start(Agent(name, tools=[look, pay]), "Look, then pay.")
    await run.outcome()
    assert made == [BEGIN, END_UNLOCK]


async def test_a_lost_connection_in_the_middle_loses_nothing(runs_database: str) -> None:
    """If no other attempt took over the call, its outcome is still recorded."""
    ledger = Ledger(await open_database(runs_database))
    key = uuid.uuid4().hex
    new = NewEffect(
        key=key, origin="o", run=f"run-{key}", agent="a", turn=1, call="c", tool="t",
        effect="write", arguments={},
    )  # fmt: skip
    hold = await ledger.begin(new)
    await _cut(ledger.database, key)
    await ledger.mark_done(hold, {"content": "made"}, None)
    again = await ledger.begin(new)
    assert (again.state, again.attempt) == ("done", 1)
    await ledger.release(again)
    await ledger.close()
    await ledger.database.close()


async def _cut(database: Database, key: str) -> None:
    """Close the connection that holds the lock of this effect."""
    number = lock_number(key) % 2**64
    await database.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
        "AND classid::bigint = %s AND objid::bigint = %s",
        (number >> 32, number % 2**32),
    )
