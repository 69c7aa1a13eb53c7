"""Finds calls of a run that failed and are being retried. History omits them until they finish;
Temporal's description of the run has them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client
from temporalio.converter import DataConverter

from harness.contracts import event as e
from harness.contracts.attempt import Retry
from harness.contracts.errors import HarnessError
from harness.contracts.event import Event
from harness.contracts.run_limits import split_attempts
from harness.engine.payload_codec import decode_entry
from harness.history import live
from harness.journal.payloads import error_info, to_seconds

log = logging.getLogger("harness.history")
POLL_S = 1.0
"""How often to ask Temporal while a call is in flight and no event arrives."""


async def list_retries(client: Client, run: str) -> list[Retry]:
    """List the calls in flight that have failed at least once."""
    return await find_retries(client.data_converter, await live.describe_execution(client, run))


async def find_retries(
    converter: DataConverter, described: DescribeWorkflowExecutionResponse
) -> list[Retry]:
    """The calls in flight that have failed at least once, of a run as Temporal describes it."""
    found: list[Retry] = []
    for each in described.pending_activities:
        if each.attempt < 2 or not each.HasField("last_failure"):
            continue
        waits = each.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
        planned = each.HasField("next_attempt_schedule_time")
        at = each.next_attempt_schedule_time if planned else each.scheduled_time
        found.append(
            Retry(
                activity=each.activity_id,
                kind=each.activity_type.name,
                failed=each.attempt - 1,
                attempts=split_attempts(each.maximum_attempts)[0],
                error=error_info(await _decode_failure(converter, each.last_failure)),
                next_at=to_seconds(at) if waits else None,
            )
        )
    return found


async def _decode_failure(converter: DataConverter, failure: Failure) -> Failure:
    """Decrypt a failure, wrapped in a history entry because the codec reads only those."""
    entry = HistoryEvent()
    entry.activity_task_failed_event_attributes.failure.CopyFrom(failure)
    return (await decode_entry(converter, entry)).activity_task_failed_event_attributes.failure


class RetryWatch:
    """Looks for retries of a run while a call is in flight and no event arrives."""

    def __init__(self, client: Client, run: str) -> None:
        self._client = client
        self._run = run
        self._open = False
        self._heard = 0.0
        self._reported: set[tuple[str, int]] = set()

    def note_event(self, event: Event) -> bool:
        """Note an event of the run; False if it is a retry of a finished call."""
        if isinstance(event, e.AttemptFailed):
            return self._open
        self._heard = time.monotonic()
        if isinstance(event, e.ModelCalled | e.ToolCallStarted):
            self._open = True
        elif isinstance(event, CLOSING):
            self._open = False
        return True

    async def poll_retries(self, trace: str, tell: Callable[[e.AttemptFailed], None]) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            if not self._open or time.monotonic() - self._heard < POLL_S:
                continue
            try:
                found = await list_retries(self._client, self._run)
            except HarnessError as error:
                log.warning("retries of run %s cannot be shown: %s", self._run, error.message)
                return
            for retry in found:
                key = (retry.activity, retry.failed)
                if key not in self._reported:
                    self._reported.add(key)
                    tell(e.AttemptFailed(run=self._run, at=time.time(), trace=trace, retry=retry))


CLOSING = (
    e.ModelReplied, e.ModelFailed, e.ToolCallFinished, e.DecisionRequested, e.Branched, e.RunEnded,
)  # fmt: skip
"""What ends a call that may be retried."""
