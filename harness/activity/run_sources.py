"""Sources of acts: runs that Temporal has, runs that the archive has, and undos."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import LiteralString

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.service import RPCError

from harness.activity.merge import Item
from harness.activity.run_acts import list_acts
from harness.activity.views import Act, time_of
from harness.activity.window import SLACK_S, window_of
from harness.api.caller import Caller
from harness.api.context import ApiContext, may_see, owner_filter
from harness.contracts.effect import UNDO, UndoSpec, undo_id, undone_run
from harness.contracts.errors import RunError, StoreError, StoreUnavailable
from harness.engine.query_text import quote_value
from harness.engine.retry import unreachable_error
from harness.history import live
from harness.journal.payloads import read_first
from harness.runs.filter import OPEN, RunFilter
from harness.runs.listing import list_page
from harness.store.permits import is_undo_signed

PAGE = 100
ROUNDING_S = 1e-5
"""Acts have times in microseconds, Temporal in nanoseconds."""
ARCHIVED: LiteralString = """
SELECT run, extract(epoch FROM ended)::float8 FROM harness.seal
WHERE namespace = %(namespace)s AND kind IN ('sealed', 'imported') AND content IS NOT NULL
  AND agent IS NOT NULL AND ended IS NOT NULL AND ended >= to_timestamp(%(since)s)
  AND (%(before)s::float8 IS NULL OR started <= to_timestamp(%(before)s))
  AND (%(run)s::text IS NULL OR run = %(run)s)
ORDER BY ended DESC LIMIT %(limit)s
"""


class RunActs:
    """Reads the acts of runs for one request, and each run once."""

    def __init__(
        self, context: ApiContext, caller: Caller, run: str | None, before: float, since: float
    ) -> None:
        self._context, self._caller, self._run = context, caller, run
        self._before, self._since = before, since
        self._read = set[str]()

    async def list_live(self) -> AsyncGenerator[Item]:
        """Runs that Temporal has: those that are open, then those that ended last."""
        owner = RunFilter(owner=owner_filter(self._caller)).query()
        query, token = " AND ".join(filter(None, (owner, self._times(self._run)))), b""
        while True:
            rows, token = await list_page(self._context.connection, query, token, PAGE)
            for row in rows:
                latest = math.inf if row.ended is None else row.ended + ROUNDING_S
                yield Item(latest, partial(self._load_run, row.id))
            if not token:
                return

    async def list_archived(self) -> AsyncGenerator[Item]:
        """Runs that the archive has, those that ended last first. Most are in Temporal too, where
        they are read only once."""
        connection = self._context.connection
        rows = await connection.database.fetch(
            ARCHIVED,
            {
                "namespace": connection.endpoints.namespace,
                **window_of(self._before, self._since),
                "run": self._run,
            },
        )
        for run, ended in rows:
            yield Item(ended + ROUNDING_S, partial(self._load_run, run))

    async def list_undos(self) -> AsyncGenerator[Item]:
        """Undos that somebody started, as far as Temporal has them."""
        own = undo_id(self._run) if self._run else None
        query = " AND ".join(filter(None, (f"WorkflowType = '{UNDO}'", self._times(own))))
        try:
            found = self._context.connection.temporal.list_workflows(query, page_size=PAGE)
            async for each in found:
                latest = each.close_time.timestamp() if each.close_time else math.inf
                load = partial(self._load_undo, each.id, each.run_id, each.start_time)
                yield Item(latest, load)
        except RPCError as error:
            raise unreachable_error(error) from error

    def _times(self, workflow: str | None) -> str:
        """Conditions on when something began and ended, and on its id."""
        parts = [f"WorkflowId = {quote_value(workflow)}"] if workflow else []
        if not math.isinf(self._before):
            parts.append(f"StartTime <= '{_write_time(self._before + SLACK_S)}'")
        if not math.isinf(self._since):
            parts.append(f"({OPEN} OR CloseTime >= '{_write_time(self._since - SLACK_S)}')")
        return " AND ".join(parts)

    async def _load_run(self, run: str) -> Sequence[Act]:
        if run in self._read:
            return ()
        self._read.add(run)
        reads = self._context.reads
        try:
            owner, observed = await reads.check_owner(run)
            if not may_see(self._caller, owner):
                return ()
            card = await reads.read_card(run, observed or await reads.observe(run))
        except StoreUnavailable:
            raise
        except (RunError, StoreError):  # forgotten, deleted meanwhile, or planted
            return ()
        return tuple(list_acts(card))

    async def _load_undo(self, id: str, run_id: str, started: datetime) -> Sequence[Act]:
        connection, run = self._context.connection, undone_run(id)
        request = GetWorkflowExecutionHistoryRequest(
            namespace=connection.temporal.namespace,
            execution=WorkflowExecution(workflow_id=id, run_id=run_id),
            maximum_page_size=1,
        )
        try:
            if not may_see(self._caller, None):  # not an admin
                await self._context.check_run(self._caller, run)
            entry = (await live.read_page(connection.temporal, request, run))[0]
            spec = read_first(UndoSpec, entry.workflow_execution_started_event_attributes.input)
        except StoreUnavailable:
            raise
        except (RunError, StoreError):
            return ()
        # One that a run starts at its end is not signed: the act is the abort that asked for it.
        signer = await connection.signing.get_signer()
        if spec is None or spec.dry_run or not is_undo_signed(signer, id, spec):
            return ()
        to = None if spec.to_turn is None else f"back to turn {spec.to_turn}"
        return (
            Act(
                id=f"undo/{run_id}", at=time_of(started.timestamp()), kind="undo", by=spec.by,
                run=run, detail=to,
            ),
        )  # fmt: skip


def _write_time(seconds: float) -> str:
    return datetime.fromtimestamp(max(seconds, 0.0), UTC).isoformat().replace("+00:00", "Z")
