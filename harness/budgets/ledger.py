"""Book what calls used, in the background: a call does not wait for it."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict

from harness.budgets.rows import Spent
from harness.budgets.store import BudgetStore
from harness.commons.lease import Lease
from harness.commons.log import get_logger

MOST = 100_000
"""Calls that wait to be booked while Postgres does not answer."""
BATCH = 1_000

log = get_logger(__name__)


class Ledger:
    """What was spent, on its way to Postgres. While one statement is on its way, further calls
    gather for the next, so that a busy process makes few."""

    def __init__(self, store: BudgetStore, lease: Lease) -> None:
        self._store = store
        self._lease = lease
        self._waiting: deque[Spent] = deque()
        self._writing = False

    def add(self, spent: Spent) -> None:
        """Book a call soon."""
        if len(self._waiting) >= MOST:
            log.warning("a call is not booked, since Postgres has not answered for long")
            return
        self._waiting.append(spent)
        if not self._writing:
            self._writing = True
            self._lease.run_later(self._write)

    async def _write(self) -> None:
        while self._waiting:
            batch = [self._waiting[at] for at in range(min(BATCH, len(self._waiting)))]
            # Sorted, so that processes lock the rows in the same order.
            rows = sorted(map(asdict, batch), key=lambda each: (each["run"], each["model"]))
            await self._store.book(json.dumps(rows))
            for _ in batch:
                self._waiting.popleft()
        self._writing = False
