"""The routes of shared budgets and spending."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query

from harness.api.caller import Role
from harness.api.context import CallerOf, Context
from harness.api.route import Route
from harness.budgets import client
from harness.budgets.views import (
    MOST,
    Dimension,
    Forecast,
    GrantBody,
    Granted,
    SharedBudgetList,
    SpendingList,
)

Text = Annotated[str | None, Query(min_length=1, max_length=300)]


async def list_budgets(
    context: Context,
    caller: CallerOf,
    budget: Text = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> SharedBudgetList:
    """List the budgets that runs share, and how much of each is used: the caller's, or all for
    admins."""
    found = await client.list_budgets(context.connection, name=budget, by=caller, limit=limit)
    return SharedBudgetList(budgets=found)


async def grant_budget(body: GrantBody, context: Context, caller: CallerOf) -> Granted:
    """Grant more of a shared budget. The runs that wait for it go on. Only admins grant more of a
    budget that the settings name."""
    return await client.grant_budget(context.connection, body, by=caller)


async def show_cost(
    context: Context,
    caller: CallerOf,
    by: Annotated[tuple[Dimension, ...], Query(max_length=5)] = ("agent",),
    since: Annotated[date | None, Query(description="Only from this day of UTC.")] = None,
    until: date | None = None,
    agent: Text = None,
    model: Text = None,
    session: Text = None,
    owner: Text = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> SpendingList:
    """Sum what model calls used: those of the caller's runs, or of all for admins. It includes runs
    that have been deleted since."""
    return await client.read_spending(
        context.connection,
        tuple(dict.fromkeys(by)),
        since=since,
        until=until,
        filters={"agent": agent, "model": model, "session": session, "owner": owner},
        by=caller,
        limit=limit,
    )


async def forecast_cost(
    context: Context,
    caller: CallerOf,
    agent: Annotated[
        str, Query(min_length=1, max_length=200, description="The name of the agent.")
    ],
) -> Forecast:
    """Forecast what a run of an agent uses, from its newest runs."""
    return await client.forecast(context.connection, agent, by=caller)


ROUTES = (
    Route("GET", "/budgets", list_budgets, Role.VIEWER),
    Route("POST", "/budgets/grants", grant_budget, Role.OPERATOR),
    Route("GET", "/cost", show_cost, Role.VIEWER),
    Route("GET", "/cost/forecast", forecast_cost, Role.VIEWER),
)
