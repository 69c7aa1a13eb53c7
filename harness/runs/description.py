"""Describes a run for Temporal's page and for `harness show`."""

from __future__ import annotations

from harness.contracts.run import RunSpec
from harness.engine.connection import Connection
from harness.history.pinned_agent import read_summary

PROMPT_CHARS = 2000


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
    if (agent := await read_summary(connection, spec)) is not None:
        rows.append(agent.markdown())
    return "\n\n".join(rows)
