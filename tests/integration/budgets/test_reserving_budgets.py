"""What calls may reserve from shared budgets, with many at once and after dead workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from harness.budgets.accounts import Account
from harness.budgets.rows import AccountRow, Answer, Ask, Spent
from harness.budgets.store import BudgetStore
from harness.store.database import Database
from tests.fakes.postgres import database_url

__all__ = ["database_url"]

TEN = Account(key="session:a", owner="ada", tokens=10_000)
ASK = Ask(
    id="id", place="run/1", attempt=1, run="run", top=None, input=100, input_cost=0,
    output_price=0.0, most=900, enough=900, useful=100, last=False,
)  # fmt: skip
SPENT = Spent(
    run="run", model="one/a", agent="buyer", session="a", owner="ada", input=100, cached=0,
    output=100, cost=50, estimated=False,
)  # fmt: skip


class Teller:
    """The store, as one worker process uses it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = BudgetStore(database)
        self.number = 0

    async def ask(self, *accounts: Account, holder: str = "worker", **more: Any) -> Answer:
        self.number += 1
        place = f"run/{self.number}"
        ask = replace(ASK, **{"id": f"id-{self.number}", "place": place, **more})
        return await self.store.reserve(holder, accounts or [TEN], ask)

    async def row(self, account: Account = TEN) -> AccountRow:
        (row,) = await self.store.list_accounts(key=account.key, limit=2)
        return row

    async def die(self, holder: str) -> None:
        """As if the worker had been silent for long."""
        await self.database.fetch(
            "UPDATE harness_budgets.holder SET seen = seen - interval '1 min' WHERE id = %s",
            (holder,),
        )


@pytest.fixture
async def teller(database_url: str) -> AsyncIterator[Teller]:
    database = Database(database_url)
    yield Teller(database)
    await database.close()


async def test_many_at_once_never_exceed_a_budget(teller: Teller) -> None:
    """Nine calls of 1,000 tokens fit beside the twentieth that is kept; the others wait, since the
    nine may use less."""
    answers = await asyncio.gather(*(teller.ask() for _ in range(40)))
    states = [each.state for each in answers]
    assert (states.count("granted"), states.count("waits")) == (9, 31)
    row = await teller.row()
    assert (row.held_tokens, row.spent_tokens) == (9_000, 0)


async def test_a_call_that_ends_after_an_older_copy_was_restored_is_booked(teller: Teller) -> None:
    await teller.ask()
    await teller.database.fetch("DELETE FROM harness_budgets.held")
    await teller.store.settle("id-1", replace(SPENT, run="restored"))
    await teller.store.settle("id-1", replace(SPENT, run="restored"))
    booked = await teller.database.fetch(
        "SELECT calls, input, output FROM harness_budgets.spending WHERE run = 'restored'"
    )
    assert booked == [(1, 100, 100)]


async def test_a_settled_call_gives_back_what_it_did_not_use(teller: Teller) -> None:
    await teller.ask()
    await teller.store.settle("id-1", SPENT)
    await teller.store.settle("id-1", SPENT)
    row = await teller.row()
    assert (row.spent_tokens, row.held_tokens, row.calls) == (200, 0, 1)
    again = await teller.ask(id="id-2")
    repeated = await teller.ask(id="id-2")
    assert (again.state, again.output) == (repeated.state, repeated.output)
    assert (await teller.row()).held_tokens == 1_000


async def test_a_small_rest_makes_a_short_answer_and_then_none(teller: Teller) -> None:
    small = replace(TEN, tokens=1_000)
    first = await teller.ask(small)
    assert (first.state, first.output) == ("granted", 850)  # a twentieth is kept
    await teller.store.settle("id-1", replace(SPENT, output=700))
    second = await teller.ask(small)
    assert (second.state, second.stop) == ("reached", "session:a")
    assert (second.used_tokens, second.most_tokens) == (800, 1_000)
    last = await teller.ask(small, last=True, useful=50)
    assert (last.state, last.output) == ("granted", 100)


async def test_a_dead_worker_holds_nothing_up_and_may_still_settle(teller: Teller) -> None:
    await teller.ask(holder="dead")
    await teller.die("dead")
    await teller.ask(holder="worker")
    row = await teller.row()
    assert (row.held_tokens, row.lost_tokens) == (1_000, 1_000)
    await teller.store.settle("id-1", SPENT)
    row = await teller.row()
    assert (row.spent_tokens, row.held_tokens, row.lost_tokens) == (200, 1_000, 0)


async def test_a_repeated_attempt_replaces_its_own_reservation(teller: Teller) -> None:
    account = replace(TEN, tokens=2_300)
    await teller.ask(account, place="run/1")
    second = await teller.ask(account, place="run/1", attempt=2)
    assert second.state == "granted"  # what the first attempt may have cost counts as spent
    row = await teller.row(account)
    assert (row.held_tokens, row.lost_tokens) == (1_000, 1_000)


async def test_all_budgets_of_a_call_allow_it_or_none_is_charged(teller: Teller) -> None:
    money = Account(key="agent:buyer", daily=True, cost=1_000)
    price: dict[str, Any] = {"input_cost": 500, "output_price": 1.0}
    stopped = await teller.ask(money, TEN, **price, useful=600)
    assert (stopped.state, stopped.stop, stopped.most_cost) == ("reached", "agent:buyer", 1_000)
    assert (await teller.row()).held_tokens == 0
    granted = await teller.ask(money, TEN, **price)
    assert (granted.state, granted.output) == ("granted", 450)  # that is what the money allows
    assert (await teller.row(money)).held_cost == 950


async def test_a_question_of_many_is_answered_once(teller: Teller) -> None:
    small = replace(TEN, tokens=150)
    for run in ("a", "b"):
        assert (await teller.ask(small, run=run)).state == "reached"
    parked = await teller.store.list_parked(key=TEN.key, limit=9)
    assert [(each.run, each.grants) for each in parked] == [("a", 0), ("b", 0)]
    grants = [
        await teller.store.grant(TEN.key, "", after=each.grants, again=True) for each in parked
    ]
    assert grants == [True, False]
    assert (await teller.row()).granted_tokens == 150
    assert (await teller.ask(small, run="a")).state == "granted"
    assert [each.run for each in await teller.store.list_parked(key=TEN.key, limit=9)] == ["b"]


async def test_time_is_granted_from_now(teller: Teller) -> None:
    account = Account(key="run:r", seconds=60.0)
    assert (await teller.ask(account)).state == "granted"
    await teller.database.fetch(
        "UPDATE harness_budgets.account SET opened = opened - interval '2 min'"
    )
    assert (await teller.ask(account)).state == "reached"
    await teller.store.grant("run:r", "", after=None, again=False, seconds=30)
    assert (await teller.ask(account)).state == "granted"
    row = await teller.row(account)
    assert 89 < row.granted_seconds < 100


async def test_runs_that_name_no_limit_use_that_of_the_run_at_the_top(teller: Teller) -> None:
    await teller.ask(top=TEN.key, run="top")
    assert await teller.store.find_top("top") == TEN.key
    assert await teller.store.find_top("other") is None
    below = Account(key=TEN.key, owner="ada")
    answers = [await teller.ask(below, run="below") for _ in range(10)]
    assert [each.state for each in answers].count("granted") == 8
