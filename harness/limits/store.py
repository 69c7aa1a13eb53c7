"""The SQL of limits. All times are those of Postgres."""

from __future__ import annotations

from collections.abc import Sequence

from harness.limits.quota import Quota
from harness.limits.rows import Answer, Ask, Holding, Usage, Used
from harness.store.database import Database

WINDOW_S = 60.0
RESERVE = """
SELECT blocked, wait_s, ahead, lower FROM harness_limits.reserve(
  %(id)s, %(holder)s, %(place)s, %(attempt)s, %(run)s, %(owner)s, %(what)s, %(priority)s,
  %(keys)s::text[], %(requests)s::bigint[], %(tokens)s::bigint[], %(widths)s::bigint[],
  %(input)s, %(output)s, %(window)s)
"""
SETTLE = """
SELECT FROM harness_limits.settle(
  %(id)s, %(input)s, %(output)s, %(exact)s, %(refused)s, %(closed_s)s, %(most_requests)s,
  %(left_requests)s, %(most_tokens)s, %(left_tokens)s)
"""
USAGE = """
SELECT q.key,
  coalesce((SELECT sum(s.requests) FROM harness_limits.spent s WHERE s.quota = q.key
    AND s.second > extract(epoch FROM clock_timestamp()) - %(window)s), 0)::bigint,
  coalesce((SELECT sum(s.tokens) FROM harness_limits.spent s WHERE s.quota = q.key
    AND s.second > extract(epoch FROM clock_timestamp()) - %(window)s), 0)::bigint
    + coalesce(sum(h.output), 0)::bigint,
  count(h.id),
  (SELECT count(*) FROM harness_limits.waiting w WHERE w.quota = q.key
    AND harness_limits.is_kept(w, clock_timestamp())),
  q.granted, q.refused, q.waited, q.waited_s,
  CASE WHEN q.closed_until > clock_timestamp()
    THEN extract(epoch FROM q.closed_until - clock_timestamp())::float8 END,
  CASE WHEN q.reported > clock_timestamp() - interval '10 min' THEN q.reported_requests END,
  CASE WHEN q.reported > clock_timestamp() - interval '10 min' THEN q.reported_tokens END
FROM harness_limits.quota q LEFT JOIN harness_limits.held h ON h.quota = q.key
  AND EXISTS (SELECT FROM harness_limits.holder o
              WHERE o.id = h.holder AND o.seen > clock_timestamp() - interval '15 s')
WHERE q.key = ANY(%(keys)s::text[])
GROUP BY q.key
"""
HOLDINGS = """
SELECT * FROM (
  SELECT quota, run, owner, what, extract(epoch FROM clock_timestamp() - since)::float8 AS seconds,
    false AS waits, NULL::integer AS priority, since AS turn
  FROM harness_limits.held h WHERE quota = ANY(%(keys)s::text[]) AND EXISTS (
    SELECT FROM harness_limits.holder o
    WHERE o.id = h.holder AND o.seen > clock_timestamp() - interval '15 s')
  UNION ALL
  SELECT quota, run, owner, what, extract(epoch FROM clock_timestamp() - since)::float8,
    true, priority, due
  FROM harness_limits.waiting w WHERE quota = ANY(%(keys)s::text[])
    AND harness_limits.is_kept(w, clock_timestamp())
) found ORDER BY quota, waits, turn LIMIT %(limit)s
"""
USAGE_NAMES = (
    "quota", "requests", "tokens", "in_use", "waiting", "granted", "refused", "waited", "waited_s",
    "closed_s", "reported_requests", "reported_tokens",
)  # fmt: skip


class LimitStore:
    """The tables of limits. `window_s`: what counts as a minute."""

    def __init__(self, database: Database, window_s: float = WINDOW_S) -> None:
        self._database = database
        self._window = window_s

    async def reserve(self, id: str, holder: str, quotas: Sequence[Quota], ask: Ask) -> Answer:
        """Reserve what a call may use, or note that it waits. Again with the same id changes
        nothing."""
        ordered = sorted(quotas, key=lambda each: each.key)  # locked in the same order by all
        values = {
            "id": id, "holder": holder, "place": ask.place, "attempt": ask.attempt, "run": ask.run,
            "owner": ask.owner, "what": ask.what, "priority": ask.priority,
            "keys": [each.key for each in ordered],
            "requests": [each.requests for each in ordered],
            "tokens": [each.tokens for each in ordered],
            "widths": [each.width for each in ordered],
            "input": ask.input, "output": ask.output, "window": self._window,
        }  # fmt: skip
        blocked, wait_s, ahead, lower = (await self._database.fetch(RESERVE, values))[0]
        return Answer(blocked=blocked, wait_s=wait_s, ahead=ahead, lower=lower)

    async def settle(self, id: str, used: Used) -> None:
        """Replace what a call reserved by what it used. Again changes nothing."""
        if not used.sent:
            await self._database.fetch("SELECT FROM harness_limits.take_back(%s)", (id,))
            return
        await self._database.fetch(SETTLE, {"id": id, **vars_of(used)})

    async def rest(self, place: str, seconds: float) -> None:
        """Keep the turn of a call that asks again after so many seconds."""
        await self._database.fetch("SELECT FROM harness_limits.rest(%s, %s)", (place, seconds))

    async def leave(self, place: str) -> None:
        """Give up a turn."""
        await self._database.fetch("DELETE FROM harness_limits.waiting WHERE place = %s", (place,))

    async def renew(self, holder: str) -> None:
        """Say that a worker process lives: what it holds is kept."""
        await self._database.fetch(
            "UPDATE harness_limits.holder SET seen = clock_timestamp() WHERE id = %s", (holder,)
        )

    async def list_usage(self, quotas: Sequence[Quota]) -> dict[str, Usage]:
        """How much of each limit is used, by its key. Limits that were never used are absent."""
        keys = [each.key for each in quotas]
        rows = await self._database.fetch(USAGE, {"keys": keys, "window": self._window})
        found = (Usage(**dict(zip(USAGE_NAMES, row, strict=True))) for row in rows)
        return {each.quota: each for each in found}

    async def list_holdings(self, quotas: Sequence[Quota], limit: int) -> list[Holding]:
        """The calls that hold places of limits, and after them those that wait, in their order."""
        keys = [each.key for each in quotas]
        rows = await self._database.fetch(HOLDINGS, {"keys": keys, "limit": limit})
        names = ("quota", "run", "owner", "what", "seconds", "waits", "priority")
        return [Holding(**dict(zip(names, row[:-1], strict=True))) for row in rows]


def vars_of(used: Used) -> dict[str, object]:
    """The fields of what a call used, by name."""
    return {name: getattr(used, name) for name in Used.__dataclass_fields__}
