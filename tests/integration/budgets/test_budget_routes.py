"""What owners, admins and commands see of budgets and spending."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from harness import Agent, Budget, Harness
from harness.api.caller import LOCAL, Caller, Role
from harness.budgets import client
from harness.budgets.accounts import Account
from harness.budgets.store import BudgetStore
from harness.budgets.views import GrantBody
from harness.contracts.errors import BudgetNotFound, NotAllowed
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import say
from tests.integration.budgets.test_reserving_budgets import ASK, SPENT


def as_user(user: str, role: Role = Role.OPERATOR) -> Caller:
    return Caller(user=user, role=role, token="")


@pytest.fixture
async def spent(remote: Harness, name: str) -> AsyncIterator[Harness]:
    """Two owners, each with a session whose budget was used, and an agent's budget of the day."""
    store = BudgetStore(remote.connection.database)
    for owner in ("ada", "bob"):
        accounts = [
            Account(key=f"agent:{name}", daily=True, tokens=1_000_000),
            Account(key=f"session:{owner}-{name}", owner=owner, tokens=10_000),
        ]
        id = f"{owner}-{name}"
        await store.reserve(name, accounts, replace(ASK, id=id, place=id, run=id))
        await store.settle(id, replace(SPENT, run=id, agent=name, owner=owner, session=id))
    yield remote


async def test_owners_see_and_grant_their_own(spent: Harness, name: str) -> None:
    connection = spent.connection
    ada, key = as_user("ada"), f"session:ada-{name}"
    seen = [each.budget for each in await client.list_budgets(connection, by=ada)]
    assert key in seen
    assert f"session:bob-{name}" not in seen
    assert f"agent:{name}" not in seen
    granted = await client.grant_budget(connection, GrantBody(budget=key, tokens=5), by=ada)
    assert (granted.budget.tokens, granted.resumed) == (10_005, 0)
    for other in (f"session:bob-{name}", f"agent:{name}", "session:nobody"):
        with pytest.raises(BudgetNotFound):
            await client.grant_budget(connection, GrantBody(budget=other), by=ada)
    with pytest.raises(NotAllowed):
        viewer = as_user("ada", Role.VIEWER)
        await client.grant_budget(connection, GrantBody(budget=key), by=viewer)


async def test_spending_is_summed_for_whoever_asks(spent: Harness, name: str) -> None:
    connection, filters = spent.connection, {"agent": name}
    found = await client.read_spending(connection, ("owner", "model"), filters=filters)
    rows = [(each.owner, each.model, each.calls, each.cost_micros) for each in found.spending]
    assert sorted(rows, key=str) == [("ada", "one/a", 1, 50), ("bob", "one/a", 1, 50)]
    assert (found.total.runs, found.total.input, found.total.cost_micros) == (2, 200, 100)
    own = await client.read_spending(connection, ("day",), filters=filters, by=as_user("ada"))
    assert (own.total.runs, own.total.cost_micros) == (1, 50)
    asked = {**filters, "owner": "bob"}
    other = await client.read_spending(connection, (), filters=asked, by=as_user("ada"))
    assert other.total.runs == 1  # her own: nobody reads what others spent
    forecast = await client.forecast(connection, name, by=LOCAL)
    assert forecast.tokens is not None
    assert (forecast.runs, forecast.tokens.p50, forecast.tokens.p90) == (2, 200, 200)
    assert (await client.forecast(connection, "nobody")).tokens is None


async def test_calls_without_a_budget_are_booked_too(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Hello."))
    for budget in (None, Budget(tokens=50_000, shared="run")):
        await harness.run(Agent(name, budget=budget), "Say hello.")

    async def booked() -> tuple[int, int]:
        found = await client.read_spending(harness.connection, (), filters={"agent": name})
        return found.total.calls, found.total.input + found.total.output

    await eventually(booked, lambda sums: sums == (2, 240))
