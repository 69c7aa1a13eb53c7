"""Describes a run for Temporal's page and for `harness show`."""

from __future__ import annotations

from harness.contracts.clean_text import clean_markdown, code_markdown, quote_markdown
from harness.contracts.run import RunSpec
from harness.engine.connection import Connection
from harness.history.pinned_agent import read_summary

PROMPT_CHARS = 2000


async def describe_start(connection: Connection, spec: RunSpec, prompt: str) -> str:
    """Write the run's details as Markdown. The codec encodes them like all content."""
    agent, by = clean_markdown(spec.agent), clean_markdown(spec.started_by or "")
    rows = [f"Agent **{agent}** on {code_markdown(spec.model)}, started by {by}."]
    if spec.session:
        rows.append(f"Session {code_markdown(spec.session)}.")
    if spec.owner:
        rows.append(f"Owner {code_markdown(spec.owner)}.")
    if spec.parent:
        rows.append(f"Fork of {code_markdown(spec.parent.run)} at turn {spec.parent.turn}.")
    if spec.template:
        rows.append(f"Prompt template {code_markdown(spec.template.ref)}.")
    rows.append(quote_markdown(prompt[:PROMPT_CHARS]))
    if (summary := await read_summary(connection, spec)) is not None:
        rows.append(summary.markdown())
    return "\n\n".join(rows)
