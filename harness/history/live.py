"""Reads a run's history as it grows: every entry once, in order, across continue-as-new, resets
and Temporal restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, HistoryEventFilterType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryRequest,
    GetWorkflowExecutionHistoryResponse,
)
from temporalio.client import Client

from harness.contracts.errors import RunError
from harness.contracts.event import DurableEvent, RunEnded
from harness.contracts.run import RunEnd
from harness.engine.payload_codec import decode_entry
from harness.engine.retry import ask_patiently
from harness.journal import Projector
from harness.journal.chain import next_execution
from harness.journal.payloads import read_first

FIRST_PAGE = 16
"""Batches of entries in the first page of a history: a reader sees the beginning of a long run at
once, while the rest is read. A batch is what one workflow task or activity has written."""
MOST_PAGE = 256
PAUSE_EVERY = 250
"""Entries after which others in the process have their turn: a page may have thousands."""


@dataclass
class Reached:
    """How far a reader of events has come: it can go on from there."""

    projector: Projector | None = None
    """Of the newest execution."""
    entry: int = 0
    """The last entry that it has projected."""


async def read_events(
    client: Client,
    run: str,
    run_id: str | None,
    *,
    skip: int = 0,
    wait: bool = True,
    reached: Reached | None = None,
) -> AsyncIterator[DurableEvent]:
    """Yield the events of a run from an execution on, after its entry `skip`; with `wait` until
    the run ends. `reached` is kept up to date."""
    reached = reached or Reached()
    while run_id:
        projector = reached.projector = Projector(run=run, run_id=run_id)
        following = None
        closing: list[DurableEvent] = []
        async for entry in read_entries(client, run, run_id, wait=wait):
            drafts = projector.feed(entry)
            reached.entry = entry.event_id
            if any(isinstance(event, RunEnded) for event in drafts):
                closing = drafts
            elif entry.event_id > skip:
                for event in drafts:
                    yield event
            following = next_execution(entry) or following
        branch = None if following else await branch_of(client, run, run_id)
        if branch is None:  # the end of an execution that was reset is not the run's end
            for event in closing:
                yield event
        skip = branch[1] - 1 if branch else 0
        run_id = following or (branch[0] if branch else None)


async def read_entries(
    client: Client, run: str, run_id: str, *, wait: bool
) -> AsyncIterator[HistoryEvent]:
    """Yield the entries of one execution with decoded payloads."""
    async for entry in read_raw_entries(client, run, run_id, wait=wait):
        if entry.event_id % PAUSE_EVERY == 0:
            await asyncio.sleep(0)
        yield await decode_entry(client.data_converter, entry)


async def read_raw_entries(
    client: Client, run: str, run_id: str, *, wait: bool = False
) -> AsyncIterator[HistoryEvent]:
    """Yield entries as Temporal stores them. The poll's token resumes exactly after an outage."""
    token, size = b"", FIRST_PAGE
    while True:
        request = GetWorkflowExecutionHistoryRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=run, run_id=run_id),
            next_page_token=token,
            wait_new_event=wait,
            maximum_page_size=size,
        )
        page = await _fetch_page(client, request, run)
        for entry in page.history.events:
            yield entry
        token, size = page.next_page_token, min(4 * size, MOST_PAGE)
        if not token:
            return


async def wait_for_completion(client: Client, run: str) -> RunEnd | None:
    """Return the result of a run once it completes; None if it ends differently, as its events
    show.

    This takes one long poll, which Temporal answers at the end. Following the events takes about
    ten, a fifth of what a short run costs Temporal.
    """
    return await _find_completion(client, run, wait=True)


async def read_completion(client: Client, run: str) -> RunEnd | None:
    """Return the result of a run that has completed; None if it is open or ended differently."""
    return await _find_completion(client, run, wait=False)


async def _find_completion(client: Client, run: str, *, wait: bool) -> RunEnd | None:
    run_id, token = "", b""
    while True:
        request = GetWorkflowExecutionHistoryRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=run, run_id=run_id),
            next_page_token=token,
            wait_new_event=wait,
            history_event_filter_type=HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
        )
        page = await _fetch_page(client, request, run)
        token = page.next_page_token
        for entry in page.history.events:
            if entry.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
                closing = await decode_entry(client.data_converter, entry)
                return read_first(
                    RunEnd, closing.workflow_execution_completed_event_attributes.result
                )
            following = next_execution(entry)
            if following is None:
                return None
            run_id, token = following, b""
        if not token and not page.history.events:
            return None


async def first_execution(client: Client, run: str) -> tuple[str, str | None]:
    """Return the oldest execution that Temporal still has, and the id of the very first one if
    Temporal has deleted it: retention can end for old executions while the run continues."""
    info = (await describe_execution(client, run)).workflow_execution_info
    newest, first = info.execution.run_id, info.first_run_id
    if not first or first == newest:
        return newest, None
    try:
        described = await describe_execution(client, run, first)
        return described.workflow_execution_info.execution.run_id, None
    except RunError:
        query = f"WorkflowId = {json.dumps(run)}"
        known = [(row.start_time, row.run_id) async for row in client.list_workflows(query)]
        return min(known)[1] if known else newest, first


async def newest_execution(client: Client, run: str) -> str:
    return (await describe_execution(client, run)).workflow_execution_info.execution.run_id


async def describe_execution(
    client: Client, run: str, run_id: str = ""
) -> DescribeWorkflowExecutionResponse:
    """What Temporal says of an execution now; of the newest one by default.

    Raises:
        RunNotFound: Temporal does not have it.
    """
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=run, run_id=run_id),
    )
    service = client.workflow_service
    return await ask_patiently(run, lambda: service.describe_workflow_execution(request))


async def read_page(
    client: Client, request: GetWorkflowExecutionHistoryRequest, run: str
) -> list[HistoryEvent]:
    found = await _fetch_page(client, request, run)
    return [await decode_entry(client.data_converter, entry) for entry in found.history.events]


async def _fetch_page(
    client: Client, request: GetWorkflowExecutionHistoryRequest, run: str
) -> GetWorkflowExecutionHistoryResponse:
    service = client.workflow_service
    return await ask_patiently(run, lambda: service.get_workflow_execution_history(request))


async def branch_of(client: Client, run: str, run_id: str) -> tuple[str, int] | None:
    """After a reset, return the new execution and the entry where its history diverges.

    The old history ends in a termination without a pointer; only its description has one.
    """
    description = await describe_execution(client, run, run_id)
    new_run_id = description.workflow_extended_info.reset_run_id
    if not new_run_id:
        return None
    async for entry in read_entries(client, run, new_run_id, wait=False):
        if entry.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            attributes = entry.workflow_task_failed_event_attributes
            if attributes.new_run_id == new_run_id:
                return new_run_id, entry.event_id
    return new_run_id, 1
