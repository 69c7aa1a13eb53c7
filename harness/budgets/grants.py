"""Grant more of a shared budget, and let all runs go on that wait for it."""

from __future__ import annotations

import asyncio

from harness.budgets.accounts import is_configured
from harness.budgets.rows import Parked
from harness.budgets.store import BudgetStore
from harness.commons.log import get_logger
from harness.contracts.errors import HarnessError
from harness.contracts.steering import Grant
from harness.engine.connection import Connection
from harness.runs.steer import decide_run

MOST = 1_000
"""Runs that one grant frees; the others ask until they are decided."""
AT_ONCE = 16
WAIT_S = 20.0
PENDING = "budget"
NOTE = "more was granted"

log = get_logger(__name__)


async def grant_to_run(
    connection: Connection, run: str, more: Grant | None, *, by: str | None
) -> None:
    """Carry out the decision that a run may go on: grant more of the budgets for which it waits,
    unless that was done since it asked. Budgets of the settings are only looked at again."""
    store = BudgetStore(connection.database)
    for parked in await store.list_parked(run=run, limit=MOST):
        if not is_configured(parked.key):
            granted = await store.grant(
                parked.key,
                parked.day,
                after=parked.grants,
                again=more is None,
                tokens=more and more.tokens,
                cost=more and more.cost_micros,
                seconds=more and more.seconds,
            )
            if granted:
                await free_runs(connection, parked.key, parked.day, but=run, by=by)
        await store.forget_parked(run, parked.key)


async def free_runs(
    connection: Connection, key: str, day: str, *, but: str | None = None, by: str | None
) -> int:
    """Let the runs go on that wait for a budget; returns how many did. A run whose worker does not
    answer in time keeps asking."""
    store = BudgetStore(connection.database)
    waiting = await store.list_parked(key=key, day=day, limit=MOST)
    room = asyncio.Semaphore(AT_ONCE)

    async def free(parked: Parked) -> bool:
        async with room:
            return await _free_run(connection, parked, by)

    return sum(await asyncio.gather(*(free(each) for each in waiting if each.run != but)))


async def _free_run(connection: Connection, parked: Parked, by: str | None) -> bool:
    said = {"verdict": "approve", "note": NOTE, "by": by}
    key = f"{parked.key}/{parked.day}/{parked.grants}"
    try:
        async with asyncio.timeout(WAIT_S):
            await decide_run(connection, parked.run, PENDING, said, key=key)
    except (HarnessError, TimeoutError) as error:
        log.info("a run that waits for a budget was not freed", run=parked.run, error=str(error))
        return False
    return True
