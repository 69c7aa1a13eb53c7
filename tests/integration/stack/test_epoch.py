"""A worker's ledger after the database or Temporal was restored, with a real one of each."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from harness import Agent, Happened, Harness, tool
from harness.agent import AnyTool
from harness.contracts.errors import StackError, StackReplaced
from harness.contracts.message import ToolCall
from harness.contracts.tool import RunTool, ToolOutcome
from harness.engine.epoch import LOCK, EpochKeeper
from harness.forget.store import delete_content
from harness.store import Database, Ledger
from harness.store.epoch import Outside, Seen, state_home
from harness.store.migrate import open_database
from harness_activities.tool_call.activity import ToolActivities
from harness_activities.tool_call.toolbox import Toolbox
from harness_activities.tool_call.workspaces import Workspaces
from harness_workers import serve
from tests.fakes.runs import eventually
from tests.fakes.tool_calls import Memory, Said

CUT = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
WAITS = """
SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database
WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
"""
DOUBTS = "SELECT doubts FROM harness.epoch ORDER BY branch"


@dataclass
class Site:
    """One store with a worker, its tools, and what they did to the world."""

    temporal: Any
    database: Database
    stack: AsyncExitStack
    paid: list[int] = field(default_factory=list[int])
    origin: str = field(default_factory=lambda: new_run_id())

    async def keeper(self) -> EpochKeeper:
        keeper = EpochKeeper(self.temporal, self.database)
        self.stack.callback(keeper.close)
        await keeper.check()
        return keeper

    async def worker(self, tool: AnyTool) -> Worker:
        ledger = Ledger(self.database, epoch=await self.keeper())
        self.stack.push_async_callback(ledger.close)
        box = Toolbox(
            agent=Agent("site", tools=[tool]), artifacts=Memory(), progress=Said([]), ledger=ledger,
            workspaces=Workspaces([]),
        )  # fmt: skip
        self.stack.push_async_callback(box.close)
        return Worker(self, ToolActivities(box))

    def payer(self, *, probed: bool = False) -> AnyTool:
        more: dict[str, Any] = {} if probed else {"on_unknown": "retry"}

        @tool(**more)
        async def pay(amount: int) -> str:
            "Pay."
            self.paid.append(amount)
            return "paid"

        if probed:

            @pay.probe
            def look(ctx: Any, arguments: Any) -> Happened | None:
                return Happened("found") if arguments["amount"] in self.paid else None

        return pay

    async def put_back_database(self) -> None:
        """As a copy from before the first write is, in place of the running one."""
        await self.database.fetch("DELETE FROM harness.effect")
        await self.database.fetch(CUT)

    async def doubts(self) -> list[str | None]:
        return [row[0] for row in await self.database.fetch(DOUBTS)]


@dataclass
class Worker:
    site: Site
    activities: ToolActivities

    async def pay(self, amount: int, **fields: Any) -> ToolOutcome:
        env = ActivityEnvironment()
        env.info = dataclasses.replace(
            env.info, workflow_id="run", workflow_run_id=self.site.origin,
            start_to_close_timeout=timedelta(seconds=30),
        )  # fmt: skip
        call = ToolCall(id="c", name="pay", arguments={"amount": amount})
        request = RunTool(call=call, turn=1).model_copy(update=fields)
        return await env.run(self.activities.run_tool, request)


def new_run_id() -> str:
    """As the engine makes them: version 7, with the present time."""
    import time

    return str(uuid.UUID(int=(int(time.time() * 1000) << 80) | (7 << 76) | (2 << 62)))


@pytest.fixture
async def site(remote: Harness, database_url: str) -> AsyncIterator[Site]:
    database = await open_database(database_url, pool_size=2)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        # The store is known before the run begins.
        first = EpochKeeper(remote.connection.temporal, database)
        await first.check()
        first.close()
        yield Site(remote.connection.temporal, database, stack)


async def test_a_write_of_the_lost_future_is_asked_about(site: Site) -> None:
    worker = await site.worker(site.payer())
    assert content(await worker.pay(5)) == "paid"
    await site.put_back_database()
    asked = await worker.pay(5)
    assert (asked.need, asked.attempt) == ("outcome", 1)
    assert "restored to an earlier state" in (asked.reason or "")
    # Also by the next attempt, whose own row says `begun`, and by another worker.
    other = await site.worker(site.payer())
    assert (await other.pay(5)).need == "outcome"
    assert (await other.pay(6)).need == "outcome"
    assert site.paid == [5]
    assert content(await other.pay(5, approved=True, happened="it was paid")) == "it was paid"
    assert content(await other.pay(6, approved=True, again=1)) == "paid"
    assert content(await other.pay(6)) == "paid"
    assert site.paid == [5, 6]
    site.origin = new_run_id()
    assert content(await other.pay(5)) == "paid"
    assert await site.doubts() == ["database", "database"]  # the first: an empty store


async def test_a_probe_looks_instead(site: Site) -> None:
    worker = await site.worker(site.payer(probed=True))
    await worker.pay(5)
    await site.put_back_database()
    assert content(await worker.pay(5)) == "found"
    assert content(await worker.pay(6)) == "paid"
    assert site.paid == [5, 6]


async def test_with_an_older_temporal_only_different_calls_are_asked_about(site: Site) -> None:
    keeper = await site.keeper()
    before = await keeper.advance()
    await keeper.advance()
    worker = await site.worker(site.payer())
    await worker.pay(5)
    await keeper._record_in_temporal(before)  # pyright: ignore[reportPrivateUsage]
    worker = await site.worker(site.payer())
    assert (await site.doubts())[-1] == "engine"
    assert content(await worker.pay(5)) == "paid"  # the ledger has it
    assert (await worker.pay(6)).need == "outcome"
    assert content(await worker.pay(7, turn=2)) == "paid"  # the run never came so far
    assert site.paid == [5, 7]


async def test_a_worker_detects_a_restored_temporal(site: Site) -> None:
    keeper = await site.keeper()
    before = await keeper.advance()
    other = await site.keeper()
    await other.advance()
    await keeper.advance()
    replaced = asyncio.create_task(keeper.wait_until_replaced())
    await other._record_in_temporal(before)  # pyright: ignore[reportPrivateUsage]
    assert not replaced.done()
    await keeper.check()
    assert (await replaced).code == "stack.replaced"
    late = asyncio.create_task(
        (await site.keeper()).wait_until_replaced()
    )  # it has served nothing before
    await asyncio.sleep(0)
    assert not late.done()
    late.cancel()


async def test_a_worker_stops_when_temporal_is_restored(
    remote: Harness, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async def replaced(_: EpochKeeper) -> StackError:
        return StackReplaced("put back")

    monkeypatch.setattr(EpochKeeper, "wait_until_replaced", replaced)
    with pytest.raises(StackError, match="put back"):
        async with serve(remote.connection, Agent(name)):
            await asyncio.Event().wait()


async def test_a_copy_of_an_earlier_generation_is_detected(site: Site) -> None:
    keeper = await site.keeper()
    await keeper.advance()
    await site.database.fetch("UPDATE harness.epoch SET generation = 1, confirmed = 1")
    await keeper.check()
    assert (await site.doubts())[1:] == ["database"]
    await keeper.check()
    await (await site.keeper()).check()
    assert len(await site.doubts()) == 2


async def test_other_differences_are_not_taken_for_a_restore(site: Site) -> None:
    worker = await site.worker(site.payer())
    await worker.pay(5)
    await delete_content(site.database, ["run"], [])
    await site.database.fetch(CUT)
    site.origin = new_run_id()
    assert content(await worker.pay(5)) == "paid"
    [store] = [
        path for path in state_home().iterdir() if Outside(path).read_seen() == await _seen(site)
    ]
    (store / "seen").unlink()  # a machine that was set up anew
    (store / "mark").unlink()
    await site.keeper()
    assert len(await site.doubts()) == 1


async def test_one_process_at_a_time_compares_the_records(site: Site) -> None:
    """Else a slow one would write an older generation over a newer one."""
    keeper = await site.keeper()
    async with await site.database.connect() as other:
        await other.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        checked = asyncio.create_task(keeper.check())
        waits = await eventually(
            lambda: site.database.fetch(WAITS), lambda found: bool(found) or checked.done()
        )
        assert waits and not checked.done()
    await checked


async def _seen(site: Site) -> Seen:
    [row] = await site.database.fetch("SELECT id::text, generation FROM harness.epoch")
    return Seen(*row)


def content(outcome: ToolOutcome) -> str | None:
    assert outcome.need is None, outcome
    return outcome.result.content if outcome.result else None
