"""The forks of runs, from Temporal's index, which a process asks at most once a second.

The index lags in any case, and searching it costs Temporal more than all else that a read of a run
needs; it also limits how often it is asked.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from datetime import UTC, datetime

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from harness.commons.shared_reads import SharedReads
from harness.contracts.run import WORKFLOW
from harness.engine.query_text import quote_value
from harness.engine.retry import unreachable_error

MOST_FORKS = 100
"""How many forks are listed."""
MOST_NEW = 1_000
"""How many new forks are read at once; if there may be more, each run's are looked for anew."""
KEPT_RUNS = 20_000
ASK_S = 1.0
KEEP_S = 300.0
"""Then a run's forks are looked for anew."""
OVERLAP_S = 60.0
"""The index may show a fork this long after it began."""
FORK_OF = SearchAttributeKey.for_keyword("HarnessForkOf")


async def find_forks(client: Client, run: str) -> tuple[str, ...]:
    """The newest forks of a run; none if this namespace does not index them yet."""
    found = await _search(client, f"HarnessForkOf = {quote_value(run)}", MOST_FORKS)
    return tuple(dict.fromkeys(each.id for each in found))


class ForkIndex:
    """What a process knows of forks: those of each run that was read, and all new ones."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._forks: OrderedDict[str, tuple[float, tuple[str, ...]]] = OrderedDict()
        """By run, with the time at which they were searched for."""
        self._reads = SharedReads[tuple[str, ...] | None]()
        self._asked = 0.0

    def clear(self) -> None:
        """Drop everything."""
        self._forks.clear()

    async def find(self, run: str) -> tuple[str, ...]:
        """The newest forks of a run, as the index had them a second ago or later."""
        if time.monotonic() - self._asked > KEEP_S:
            self._forks.clear()  # all of it is too old, and the new forks may be many
        if self._forks and time.monotonic() - self._asked > ASK_S:
            await self._reads.read("new", self._add_new)
        known = self._forks.get(run)
        if known is None or time.monotonic() - known[0] > KEEP_S:
            return await self._reads.read(run, lambda: self._search_anew(run)) or ()
        return known[1]

    async def _search_anew(self, run: str) -> tuple[str, ...]:
        asked = time.monotonic()
        found = await find_forks(self._client, run)
        if not self._forks:
            self._asked = asked
        self._forks[run] = (asked, found)
        self._forks.move_to_end(run)
        while len(self._forks) > KEPT_RUNS:
            self._forks.popitem(last=False)
        return found

    async def _add_new(self) -> None:
        now = time.monotonic()
        if now - self._asked <= ASK_S:
            return
        since = datetime.fromtimestamp(time.time() - (now - self._asked) - OVERLAP_S, UTC)
        query = f"HarnessForkOf IS NOT NULL AND StartTime > '{since.isoformat()}'"
        found = await _search(self._client, query, MOST_NEW)
        if len(found) == MOST_NEW:
            self._forks.clear()
        for each in reversed(found):
            run = each.typed_search_attributes.get(FORK_OF)
            known = self._forks.get(run) if run else None
            if run and known and each.id not in known[1]:
                self._forks[run] = (known[0], (each.id, *known[1])[:MOST_FORKS])
        self._asked = now


async def _search(client: Client, query: str, limit: int) -> list[WorkflowExecution]:
    try:
        rows = client.list_workflows(f"WorkflowType = '{WORKFLOW}' AND {query}", limit=limit)
        return [row async for row in rows]
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:  # this namespace does not index forks
            return []
        raise unreachable_error(error) from error
