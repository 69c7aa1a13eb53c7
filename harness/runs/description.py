"""Describes a run for Temporal's page and for `harness show`."""

from __future__ import annotations

import asyncio

from harness.contracts.errors import StoreError
from harness.contracts.provenance import AgentSummary, summarize_agent
from harness.contracts.run import RunSpec
from harness.engine.connection import Connection
from harness.history import reader

PROMPT_CHARS = 2000
READ_S = 3.0
"""A run can be shown while the database hangs."""


async def describe_start(connection: Connection, spec: RunSpec, prompt: str) -> str:
    """Write the run's details as Markdown. The codec encodes them like all content."""
    rows = [f"Agent **{spec.agent}** on `{spec.model}`, started by {spec.started_by}."]
    if spec.session:
        rows.append(f"Session `{spec.session}`.")
    if spec.owner:
        rows.append(f"Owner `{spec.owner}`.")
    if spec.parent:
        rows.append(f"Fork of `{spec.parent.run}` at turn {spec.parent.turn}.")
    if spec.template:
        rows.append(f"Prompt template `{spec.template.ref}`.")
    rows.append(f"> {prompt[:PROMPT_CHARS]}")
    if (agent := await _read_summary(connection, spec)) is not None:
        rows.append(agent.markdown())
    return "\n\n".join(rows)


async def read_agent(connection: Connection, run: str) -> AgentSummary | None:
    """Read the agent that a run pinned; None if the store does not have it or does not answer."""
    try:
        async with asyncio.timeout(READ_S):
            spec = await reader.read_spec(connection, run)
            return None if spec is None else await _read_summary(connection, spec)
    except (StoreError, TimeoutError):
        return None


async def _read_summary(connection: Connection, spec: RunSpec) -> AgentSummary | None:
    try:
        return summarize_agent(spec, await connection.stores.specs.get(spec.spec))
    except StoreError:
        return None  # the run itself reports what is wrong
