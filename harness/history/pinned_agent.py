"""Reads the agent that a run pinned at its start."""

from __future__ import annotations

import asyncio

from harness.contracts.errors import StoreError
from harness.contracts.provenance import AgentSummary, summarize_agent
from harness.contracts.run import RunSpec
from harness.engine.connection import Connection
from harness.history import reader

READ_S = 3.0
"""A run can be shown while the database hangs."""


async def read_agent(connection: Connection, run: str) -> AgentSummary | None:
    """Read the agent that a run pinned; None if the store does not have it or does not answer."""
    try:
        async with asyncio.timeout(READ_S):
            spec = await reader.read_spec(connection, run)
            return None if spec is None else await read_summary(connection, spec)
    except (StoreError, TimeoutError):
        return None


async def read_summary(connection: Connection, spec: RunSpec) -> AgentSummary | None:
    """Summarize the agent of a spec; None if the store cannot read it."""
    try:
        return summarize_agent(spec, await connection.stores.specs.get(spec.spec))
    except StoreError:
        return None  # the run itself reports what is wrong
