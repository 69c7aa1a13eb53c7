"""The SQL of shared budgets. All times are those of Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields

from harness.budgets.accounts import Account
from harness.budgets.rows import AccountRow, Answer, Ask, Parked, Spent
from harness.store.database import Database

RESERVE = """
SELECT state, output, stop, used_tokens, most_tokens, used_cost, most_cost, used_seconds,
  most_seconds
FROM harness_budgets.reserve(
  %(id)s, %(holder)s, %(place)s, %(attempt)s, %(run)s, %(top)s, %(keys)s::text[],
  %(daily)s::boolean[], %(owners)s::text[], %(tokens)s::bigint[], %(costs)s::bigint[],
  %(seconds)s::float8[], %(input)s, %(input_cost)s, %(output_price)s, %(most)s, %(enough)s,
  %(useful)s, %(last)s)
"""
SETTLE = """
SELECT FROM harness_budgets.settle(
  %(id)s, %(run)s, %(model)s, %(agent)s, %(session)s, %(owner)s, %(input)s, %(cached)s,
  %(output)s, %(cost)s, %(estimated)s)
"""
BOOK = """
SELECT harness_budgets.book(s.run, s.model, s.agent, s.session, s.owner, s.input, s.cached,
  s.output, s.cost, s.estimated)
FROM jsonb_to_recordset(%(spent)s::jsonb) AS s(
  run text, model text, agent text, session text, owner text, input bigint, cached bigint,
  output bigint, cost bigint, estimated boolean)
"""
GRANT = """
SELECT harness_budgets.grant_more(
  %(key)s, %(day)s, %(after)s, %(tokens)s, %(cost)s, %(seconds)s, %(again)s)
"""
ACCOUNTS = """
SELECT a.key, a.day, a.owner, a.opened, a.used, a.tokens, a.cost, a.seconds, a.granted_tokens,
  a.granted_cost, a.granted_seconds, a.spent_tokens, a.spent_cost, a.calls, a.grants,
  coalesce(h.tokens, 0)::bigint, coalesce(h.cost, 0)::bigint,
  coalesce(h.lost_tokens, 0)::bigint, coalesce(h.lost_cost, 0)::bigint,
  (SELECT count(*) FROM harness_budgets.parked p WHERE p.key = a.key AND p.day = a.day)
FROM harness_budgets.account a LEFT JOIN LATERAL (
  SELECT sum(tokens) FILTER (WHERE NOT gone) AS tokens, sum(cost) FILTER (WHERE NOT gone) AS cost,
    sum(tokens) FILTER (WHERE gone) AS lost_tokens, sum(cost) FILTER (WHERE gone) AS lost_cost
  FROM (
    SELECT tokens, cost, lost OR NOT EXISTS (
      SELECT FROM harness_budgets.holder o
      WHERE o.id = held.holder AND o.seen > clock_timestamp() - interval '15 s') AS gone
    FROM harness_budgets.held WHERE key = a.key AND day = a.day) each
) h ON true
WHERE (%(key)s::text IS NULL OR a.key = %(key)s)
  AND (%(owner)s::text IS NULL OR a.owner = %(owner)s)
ORDER BY a.used DESC, a.key LIMIT %(limit)s
"""
PARKED = """
SELECT run, key, day, grants FROM harness_budgets.parked
WHERE (%(run)s::text IS NULL OR run = %(run)s) AND (%(key)s::text IS NULL OR key = %(key)s)
  AND (%(day)s::text IS NULL OR day = %(day)s)
ORDER BY since LIMIT %(limit)s
"""
ANSWER_NAMES = tuple(each.name for each in fields(Answer))
ACCOUNT_NAMES = tuple(each.name for each in fields(AccountRow))
PARKED_NAMES = tuple(each.name for each in fields(Parked))


class BudgetStore:
    """The tables of shared budgets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, holder: str, accounts: Sequence[Account], ask: Ask) -> Answer:
        """Reserve what a call may use, from all of the accounts or from none. Again with the same
        id changes nothing. The accounts are in the order of their keys, as everywhere."""
        values = asdict(ask) | {
            "holder": holder,
            "keys": [each.key for each in accounts],
            "daily": [each.daily for each in accounts],
            "owners": [each.owner for each in accounts],
            "tokens": [each.tokens for each in accounts],
            "costs": [each.cost for each in accounts],
            "seconds": [each.seconds for each in accounts],
        }
        (row,) = await self._database.fetch(RESERVE, values)
        return Answer(**dict(zip(ANSWER_NAMES, row, strict=True)))

    async def settle(self, id: str, spent: Spent) -> None:
        """Replace what a call reserved by what it used. Again changes nothing."""
        await self._database.fetch(SETTLE, {"id": id, **asdict(spent)})

    async def book(self, spent_json: str) -> None:
        """Add what calls without a budget used to the ledger."""
        await self._database.fetch(BOOK, {"spent": spent_json})

    async def renew(self, holder: str) -> None:
        """Say that a worker process lives: what it holds is kept."""
        await self._database.fetch(
            "UPDATE harness_budgets.holder SET seen = clock_timestamp() WHERE id = %s", (holder,)
        )

    async def find_top(self, run: str) -> str | None:
        """The budget that a run opened for those it starts as tools."""
        rows = await self._database.fetch(
            "SELECT key FROM harness_budgets.member WHERE run = %s", (run,)
        )
        return rows[0][0] if rows else None

    async def grant(
        self,
        key: str,
        day: str,
        *,
        after: int | None,
        again: bool,
        tokens: int | None = None,
        cost: int | None = None,
        seconds: float | None = None,
    ) -> bool:
        """Grant more.

        Args:
            key: The budget's name.
            day: Its day; empty if it has none.
            after: Grant only if this many grants were made before.
            again: As much again as it had at first, instead of amounts.
            tokens: How many more.
            cost: How much more, in millionths of a US dollar.
            seconds: How much longer, from now.

        Returns:
            Whether it was granted.
        """
        values = {
            "key": key, "day": day, "after": after, "tokens": tokens, "cost": cost,
            "seconds": seconds, "again": again,
        }  # fmt: skip
        return (await self._database.fetch(GRANT, values))[0][0]

    async def list_accounts(
        self, *, key: str | None = None, owner: str | None = None, limit: int
    ) -> list[AccountRow]:
        """The budgets, those that were used last first."""
        values = {"key": key, "owner": owner, "limit": limit}
        rows = await self._database.fetch(ACCOUNTS, values)
        return [AccountRow(**dict(zip(ACCOUNT_NAMES, row, strict=True))) for row in rows]

    async def list_parked(
        self, *, run: str | None = None, key: str | None = None, day: str | None = None, limit: int
    ) -> list[Parked]:
        """The runs that wait for budgets, longest first."""
        values = {"run": run, "key": key, "day": day, "limit": limit}
        rows = await self._database.fetch(PARKED, values)
        return [Parked(**dict(zip(PARKED_NAMES, row, strict=True))) for row in rows]

    async def forget_parked(self, run: str, key: str) -> None:
        """Note that a run no longer waits for a budget."""
        await self._database.fetch(
            "DELETE FROM harness_budgets.parked WHERE run = %s AND key = %s", (run, key)
        )
