"""Shared budgets and spending: what commands and routes call. `by` is who asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from harness.access.checks import require_role
from harness.api.caller import LOCAL, Caller, Role
from harness.budgets.accounts import is_configured
from harness.budgets.grants import free_runs
from harness.budgets.rows import AccountRow
from harness.budgets.spending import forecast_run, sum_spending
from harness.budgets.store import BudgetStore
from harness.budgets.views import (
    MOST,
    Dimension,
    Forecast,
    GrantBody,
    Granted,
    SharedBudget,
    Spending,
    SpendingList,
)
from harness.contracts.errors import BudgetNotFound
from harness.engine.connection import Connection

PAST_RUNS = 200
"""Runs that a forecast is taken from."""


async def list_budgets(
    connection: Connection, *, name: str | None = None, by: Caller = LOCAL, limit: int = MOST
) -> list[SharedBudget]:
    """List shared budgets, those that were used last first; owners see their own.

    Args:
        connection: The process's connection.
        name: Only the one with this name; a daily one has one for each day.
        by: Who asks.
        limit: Most budgets.

    Returns:
        The budgets, with what is used of them.
    """
    store = BudgetStore(connection.database)
    rows = await store.list_accounts(key=name, owner=_owner_filter(by), limit=limit)
    return [SharedBudget.of(each) for each in rows]


async def grant_budget(connection: Connection, grant: GrantBody, *, by: Caller = LOCAL) -> Granted:
    """Grant more of a budget, and let the runs go on that wait for it.

    Args:
        connection: The process's connection.
        grant: The budget, and how much.
        by: Who asks.

    Returns:
        The budget, and how many runs go on.

    Raises:
        BudgetNotFound: There is none with that name that the caller may see.
        NotAllowed: The settings name the budget, and the caller is not an admin.
    """
    require_role(by, Role.OPERATOR, "grant more of a budget")
    store = BudgetStore(connection.database)
    row = await _find_newest(store, grant.budget, by)
    if is_configured(row.key):
        require_role(by, Role.ADMIN, "grant more of a budget of the settings")
    await store.grant(
        row.key, row.day, after=None,
        again=(grant.tokens, grant.cost_micros, grant.seconds) == (None, None, None),
        tokens=grant.tokens, cost=grant.cost_micros, seconds=grant.seconds,
    )  # fmt: skip
    resumed = await free_runs(connection, row.key, row.day, by=by.user)
    return Granted(
        budget=SharedBudget.of(await _find_newest(store, grant.budget, by)), resumed=resumed
    )


async def read_spending(
    connection: Connection,
    dimensions: Sequence[Dimension],
    *,
    since: date | None = None,
    until: date | None = None,
    filters: Mapping[str, str | None] | None = None,
    by: Caller = LOCAL,
    limit: int = MOST,
) -> SpendingList:
    """Sum what model calls used; owners see their own.

    Args:
        connection: The process's connection.
        dimensions: What the calls of a row have in common.
        since: The first day of UTC.
        until: The last day.
        filters: Only calls with these values, by dimension.
        by: Who asks.
        limit: Most rows.

    Returns:
        The rows, and the sum of all, also of those beyond the limit.
    """
    wanted = dict(filters or {})
    own = _owner_filter(by)
    if own is not None:
        wanted["owner"] = own
    database = connection.database
    rows = await sum_spending(
        database, dimensions, since=since, until=until, filters=wanted, limit=limit
    )
    total: list[Spending] = await sum_spending(
        database, (), since=since, until=until, filters=wanted, limit=1
    )
    nothing = Spending(
        runs=0, calls=0, input=0, cached=0, output=0, cost_micros=0, unpriced=0, estimated=0
    )
    return SpendingList(spending=rows, total=total[0] if total else nothing)


async def forecast(connection: Connection, agent: str, *, by: Caller = LOCAL) -> Forecast:
    """Forecast what a run of an agent uses, from its newest runs that the caller may see.

    Args:
        connection: The process's connection.
        agent: The agent's name.
        by: Who asks.

    Returns:
        The forecast; without figures if the agent has not run yet.
    """
    return await forecast_run(connection.database, agent, _owner_filter(by), PAST_RUNS)


def _owner_filter(by: Caller) -> str | None:
    """Whose figures the caller sees; None: everyone's."""
    return None if by.role is Role.ADMIN else by.user


async def _find_newest(store: BudgetStore, name: str, by: Caller) -> AccountRow:
    rows = await store.list_accounts(key=name, owner=None, limit=MOST)
    visible = [each for each in rows if by.role is Role.ADMIN or each.owner == by.user]
    if not visible:
        raise BudgetNotFound(f"There is no shared budget {name[:100]!r}.")
    return visible[0]
