"""Describes a run for Temporal's page and for `harness show`."""

from __future__ import annotations

import asyncio

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest

from harness.contracts.errors import RunNotFound, StoreError
from harness.contracts.provenance import AgentSummary, summarize_agent
from harness.contracts.run import WORKFLOW, RunSpec
from harness.engine.connection import Connection
from harness.history import live, reader
from harness.journal.payloads import read_first

PROMPT_CHARS = 2000
READ_S = 3.0
"""A run can be shown while the database hangs."""


async def describe_start(connection: Connection, spec: RunSpec, prompt: str) -> str:
    """Write the run's details as Markdown. The codec encodes them like all content."""
    rows = [f"Agent **{spec.agent}** on `{spec.model}`, started by {spec.started_by}."]
    if spec.session:
        rows.append(f"Session `{spec.session}`.")
    if spec.parent:
        rows.append(f"Fork of `{spec.parent.run}` at turn {spec.parent.turn}.")
    rows.append(f"> {prompt[:PROMPT_CHARS]}")
    if (agent := await _read_summary(connection, spec)) is not None:
        rows.append(agent.markdown())
    return "\n\n".join(rows)


async def read_agent(connection: Connection, run: str) -> AgentSummary | None:
    """Read the agent that a run pinned; None if the store does not have it or does not answer."""
    try:
        async with asyncio.timeout(READ_S):
            spec = _read_spec(await _first_entry(connection, run))
            return None if spec is None else await _read_summary(connection, spec)
    except (StoreError, TimeoutError):
        return None


async def _read_summary(connection: Connection, spec: RunSpec) -> AgentSummary | None:
    try:
        return summarize_agent(spec, await connection.stores.specs.get(spec.spec))
    except StoreError:
        return None  # the run itself reports what is wrong


def _read_spec(entry: HistoryEvent) -> RunSpec | None:
    started = entry.workflow_execution_started_event_attributes
    return read_first(RunSpec, started.input) if started.workflow_type.name == WORKFLOW else None


async def _first_entry(connection: Connection, run: str) -> HistoryEvent:
    client = connection.temporal
    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=run),
        maximum_page_size=1,
    )
    try:
        return (await live.read_page(client, request, run))[0]
    except RunNotFound:
        return (await reader.read_sealed(connection, run)).executions[0].entries[0]
