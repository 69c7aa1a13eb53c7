"""The SQL of what was spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from harness.budgets.views import Dimension, Forecast, Range, Spending
from harness.store.database import Database

SUMS = """
SELECT CASE WHEN 'day' = ANY(%(by)s) THEN day END, CASE WHEN 'agent' = ANY(%(by)s) THEN agent END,
  CASE WHEN 'model' = ANY(%(by)s) THEN model END,
  CASE WHEN 'session' = ANY(%(by)s) THEN session END,
  CASE WHEN 'owner' = ANY(%(by)s) THEN owner END,
  count(DISTINCT run), sum(calls)::bigint, sum(input)::bigint, sum(cached)::bigint,
  sum(output)::bigint, sum(cost)::bigint, sum(unpriced)::bigint, sum(estimated)::bigint
FROM harness_budgets.spending
WHERE (%(since)s::date IS NULL OR day >= %(since)s)
  AND (%(until)s::date IS NULL OR day <= %(until)s)
  AND (%(agent)s::text IS NULL OR agent = %(agent)s)
  AND (%(model)s::text IS NULL OR model = %(model)s)
  AND (%(session)s::text IS NULL OR session = %(session)s)
  AND (%(owner)s::text IS NULL OR owner = %(owner)s)
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1 DESC NULLS LAST, sum(cost) DESC, sum(input + output) DESC, 2, 3, 4, 5
LIMIT %(limit)s
"""
NAMES = (
    "day", "agent", "model", "session", "owner", "runs", "calls", "input", "cached", "output",
    "cost_micros", "unpriced", "estimated",
)  # fmt: skip
FILTERS = ("agent", "model", "session", "owner")
FORECAST = """
WITH RECURSIVE past AS (
  SELECT run FROM harness_budgets.spending
  WHERE agent = %(agent)s AND (%(owner)s::text IS NULL OR owner = %(owner)s)
  GROUP BY run ORDER BY max(day) DESC, run LIMIT %(runs)s
), tree AS (
  SELECT run AS top, run COLLATE "C" AS run FROM past
  UNION SELECT t.top, c.run FROM tree t JOIN harness.child c ON c.above = t.run
), used AS (
  SELECT t.top, sum(s.input + s.output)::bigint AS tokens, sum(s.cost)::bigint AS cost,
    coalesce(sum(s.calls) FILTER (WHERE t.run = t.top), 0)::bigint AS calls,
    sum(s.unpriced) AS unpriced
  FROM tree t JOIN harness_budgets.spending s ON s.run = t.run
  WHERE %(owner)s::text IS NULL OR s.owner = %(owner)s
  GROUP BY t.top
)
SELECT count(*), percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY tokens),
  percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY cost),
  percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY calls), coalesce(sum(unpriced), 0)::bigint
FROM used
"""
"""Tokens and cost with those of the runs below, as in a run's totals; turns are each run's own."""


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
    values: dict[str, object] = {each: filters.get(each) for each in FILTERS}
    values |= {"by": list(by), "since": since, "until": until, "limit": limit}
    rows = await database.fetch(SUMS, values)
    return [Spending(**dict(zip(NAMES, row, strict=True))) for row in rows]


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
