"""The SQL of what was spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from harness.budgets.views import Dimension, Forecast, Range, Spending
from harness.store.database import Database

COLUMNS: dict[Dimension, str] = {
    "agent": "agent", "model": "model", "session": "session", "owner": "owner", "day": "day",
}  # fmt: skip
SUMS = """count(DISTINCT run), coalesce(sum(calls), 0)::bigint, coalesce(sum(input), 0)::bigint,
  coalesce(sum(cached), 0)::bigint, coalesce(sum(output), 0)::bigint,
  coalesce(sum(cost), 0)::bigint, coalesce(sum(unpriced), 0)::bigint,
  coalesce(sum(estimated), 0)::bigint"""
NAMES = (
    "runs", "calls", "input", "cached", "output", "cost_micros", "unpriced", "estimated",
)  # fmt: skip
WHERE = """
FROM harness_budgets.spending
WHERE (%(since)s::date IS NULL OR day >= %(since)s) AND (%(until)s::date IS NULL OR day <= %(until)s)
  AND (%(agent)s::text IS NULL OR agent = %(agent)s)
  AND (%(model)s::text IS NULL OR model = %(model)s)
  AND (%(session)s::text IS NULL OR session = %(session)s)
  AND (%(owner)s::text IS NULL OR owner = %(owner)s)
"""
FORECAST = """
SELECT count(*), percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY tokens),
  percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY cost),
  percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY calls), coalesce(sum(unpriced), 0)::bigint
FROM (
  SELECT run, sum(input + output)::bigint AS tokens, sum(cost)::bigint AS cost,
    sum(calls)::bigint AS calls, sum(unpriced) AS unpriced, max(day) AS day
  FROM harness_budgets.spending
  WHERE agent = %(agent)s AND (%(owner)s::text IS NULL OR owner = %(owner)s)
  GROUP BY run ORDER BY max(day) DESC, run LIMIT %(runs)s
) past
"""


async def sum_spending(
    database: Database,
    by: Sequence[Dimension],
    *,
    since: date | None,
    until: date | None,
    filters: Mapping[str, str | None],
    limit: int,
) -> list[Spending]:
    """Sum what was spent.

    Args:
        database: Where.
        by: What rows have in common; without any, one row has the sum of all.
        since: The first day.
        until: The last day.
        filters: Values that calls must have: of `agent`, `model`, `session`, `owner`.
        limit: Most rows.

    Returns:
        The rows, with the highest cost first; by day, the newest first.
    """
    columns = [COLUMNS[each] for each in by]
    listed = "".join(f"{each}, " for each in columns)
    grouped = f" GROUP BY {', '.join(columns)}" if columns else ""
    order = [*(["day DESC"] if "day" in columns else []), "sum(cost) DESC", "sum(input) DESC"]
    # The columns are names of this module, never a caller's words.
    sql = f"SELECT {listed}{SUMS}{WHERE}{grouped} ORDER BY {', '.join([*order, *columns])} LIMIT %(limit)s"  # nosec B608 # noqa: E501, S608
    names = ("agent", "model", "session", "owner")
    values = {each: filters.get(each) for each in names}
    rows = await database.fetch(sql, {**values, "since": since, "until": until, "limit": limit})
    return [Spending(**dict(zip((*columns, *NAMES), row, strict=True))) for row in rows]


async def forecast_run(database: Database, agent: str, owner: str | None, runs: int) -> Forecast:
    """Forecast a run of an agent from its newest runs."""
    values = {"agent": agent, "owner": owner, "runs": runs}
    ((count, tokens, cost, calls, unpriced),) = await database.fetch(FORECAST, values)
    if not count:
        return Forecast(agent=agent, runs=0)
    return Forecast(
        agent=agent,
        runs=count,
        tokens=_range(tokens),
        cost_micros=None if unpriced else _range(cost),
        turns=_range(calls),
    )


def _range(values: Sequence[int]) -> Range:
    return Range(p50=values[0], p90=values[1])
