"""The tool with which the agent keeps a query and its result on its ticket."""

from __future__ import annotations

from harness.agent import tool
from harness.care.acts import digest_content
from harness.care.invariants.invariant import Source
from harness.care.query_views import QueryAnswer
from harness.care.repair.context import NOT_KEPT, Context, add_note
from harness.care.repair.summaries import write_summary
from harness.care.repair.tools import Minutes, Query, Words
from harness.care.ticket_views import PinBody
from harness.care.tickets.notes import take_evidence


@tool(effect="write", on_unknown="retry", untrusted=True)
async def pin_evidence(
    ctx: Context, query: Query, text: Words, source: Source = "metrics", minutes: Minutes = 15
) -> str:
    """Keep a query with its result on the ticket, where people see it as a plot: what shows the
    cause, or that a change helped.

    Args:
        query: PromQL, or LogQL for logs.
        text: What it shows, in one sentence.
        source: Metrics, or logs.
        minutes: How far back.
    """
    connection = ctx.deps.connection
    body = PinBody(query=query, source=source, seconds=minutes * 60, text=text)
    evidence = await take_evidence(connection, body)
    answer = QueryAnswer.model_validate(evidence)
    if not await add_note(ctx, "pin", text, evidence):
        return f"{write_summary(answer)}\n{NOT_KEPT}"
    return describe_evidence(answer)


def describe_evidence(evidence: QueryAnswer) -> str:
    """What the history of a run has of evidence that is kept with the ticket: the figures, and the
    digest of all of it."""
    digest = digest_content(evidence.model_dump(mode="json"))
    return f"{write_summary(evidence)}\n[kept, SHA-256 {digest}]"


@pin_evidence.undo
async def keep_evidence(_ctx: Context, _receipt: object) -> str:
    """What was seen stays on the ticket."""
    return "a note changes nothing"
