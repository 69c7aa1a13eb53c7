"""Shared budgets and spending of a daemon."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from harness.budgets.views import (
    MOST,
    Dimension,
    Forecast,
    GrantBody,
    Granted,
    SharedBudget,
    SharedBudgetList,
    SpendingList,
)
from harness.remote.connection import DaemonConnection


class RemoteBudgets:
    """What commands do with budgets through a daemon."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def list(self, name: str | None) -> builtins.list[SharedBudget]:
        found: SharedBudgetList = await self._connection.get(
            SharedBudgetList, "budgets", budget=name, limit=MOST
        )
        return found.budgets

    async def grant(self, grant: GrantBody) -> Granted:
        body = grant.model_dump(exclude_none=True)
        return await self._connection.post(Granted, "budgets", "grants", body=body)

    async def read_spending(
        self, by: Sequence[Dimension], *, since: date | None, filters: Mapping[str, str | None]
    ) -> SpendingList:
        first = None if since is None else since.isoformat()
        query: dict[str, Any] = {**filters, "by": list(by), "since": first, "limit": MOST}
        return await self._connection.get(SpendingList, "cost", **query)

    async def forecast(self, agent: str) -> Forecast:
        return await self._connection.get(Forecast, "cost", "forecast", agent=agent)
