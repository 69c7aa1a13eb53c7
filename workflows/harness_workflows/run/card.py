"""Render the Markdown card for the Temporal page, and answer queries about a run."""

from __future__ import annotations

import json
from typing import Any

from temporalio import workflow

from harness.contracts.clean_text import clean_markdown, code_markdown
from harness.contracts.run import Pending, RunState, RunStatus, TranscriptView
from harness.contracts.verdicts import MEANINGS, short_digest
from harness_workflows.run.progress import RunProgress

SHOWN = 600  # characters of a text on the card: large ones slow the page down
MORE: dict[str, dict[str, object]] = {
    "edit": {"arguments": {"NAME": "VALUE"}},
    "answer": {"answer": "TEXT"},
    "reject": {"note": "WHY"},
}
"""What an update contains besides its verdict, to be filled in."""


def show_doing(progress: RunProgress, doing: str) -> None:
    """Show what the run does now; the page shows it, history does not store it."""
    progress.doing = doing
    workflow.set_current_details(render_card(progress))


def render_card(progress: RunProgress) -> str:
    totals = progress.totals
    about = "~" if totals.usage.estimated else ""
    rate = totals.usage.hit_rate
    cached = f" ({rate:.0%} cached)" if rate else ""
    rows = [
        (
            "State",
            f"**{progress.state.value}**"
            + (f" by {_cut_text(progress.by)}" if _is_held(progress) and progress.by else "")
            + (f": {_cut_text(progress.aborted)}" if progress.aborted else ""),
        ),
        ("Doing", _cut_text(progress.doing)),
        ("Turn", str(progress.turn)),
        ("Model", _cut_text(progress.spec.model)),
        ("Code", _cut_text(workflow.info().get_current_build_id())),
        ("Tokens", f"{about}{totals.usage.input:,} in{cached}, {about}{totals.usage.output:,} out"),
        ("Cost", _format_cost(totals.cost_micros)),
    ]
    if totals.cut_attempts:
        about = f"about {_format_cost(totals.cut_micros)} more, for {totals.cut_attempts} attempts"
        rows.append(("Interrupted (estimate)", about))
    if progress.spec.session:
        rows.append(("Session", _cut_text(progress.spec.session)))
    if progress.spec.owner:
        rows.append(("Owner", _cut_text(progress.spec.owner)))
    if progress.spec.parent:
        rows.append(
            ("Fork of", f"{_cut_text(progress.spec.parent.run)}, turn {progress.spec.parent.turn}")
        )
    if progress.hints:
        rows.append(("Hints waiting", str(len(progress.hints))))
    if progress.refusal:
        rows.append(("Last refused signal", _cut_text(progress.refusal)))
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    lines += ["", f"**Asked:** {_cut_text(progress.spec.asked)}"]
    for pending in progress.pending.values():
        lines += ["", *render_pending(pending)]
    if progress.reply:
        lines += ["", f"**Said last:** {_cut_text(progress.reply)}"]
    return "\n".join(lines)


def _is_held(progress: RunProgress) -> bool:
    """Whether somebody paused or aborted the run, and it shows."""
    return progress.state in (RunState.PAUSED, RunState.ABORTED) or progress.aborted is not None


def _format_cost(micros: int | None) -> str:
    return "unknown" if micros is None else f"${micros / 1e6:.6f}"


def render_pending(waits: Pending) -> list[str]:
    """Render the question, the arguments, and an update to paste for each verdict."""
    lines = [f"**Waiting for a person** ({clean_markdown(waits.id)}): {_cut_text(waits.question)}"]
    if waits.tool:
        lines += ["", f"> {clean_markdown(waits.tool)} {_format_arguments(waits.arguments)}"]
    lines += ["", "Update `decide` with one of:", ""]
    for verdict, does in MEANINGS[waits.need].items():
        sent = {
            "id": waits.id,
            "verdict": verdict,
            "digest": short_digest(waits.asked),
            **MORE.get(verdict, {}),
        }
        sent = {name: value for name, value in sent.items() if value is not None}
        lines.append(f"- {clean_markdown(does)}: {code_markdown(json.dumps(sent))}")
    return lines


def _format_arguments(arguments: dict[str, Any] | None) -> str:
    """Format as JSON, truncated with a count. The page's Memo tab has all of it."""
    text = json.dumps(arguments or {}, ensure_ascii=False)
    if len(text) <= SHOWN:
        return clean_markdown(text)
    more = f"({len(text) - SHOWN:,} of {len(text):,} characters are not shown: see the Memo tab)"
    return f"{clean_markdown(text[:SHOWN])}… **{more}**"


def build_status(progress: RunProgress) -> RunStatus:
    return RunStatus(
        run=workflow.info().workflow_id,
        agent=progress.spec.agent,
        state=progress.state,
        turn=progress.turn,
        doing=progress.doing,
        model=progress.spec.model,
        totals=progress.totals,
        pending=list_pending(progress),
        hints=len(progress.hints),
        session=progress.spec.session,
        reason=progress.aborted,
    )


def list_pending(progress: RunProgress) -> tuple[Pending, ...]:
    """List what is waiting, with the digests that decisions may include."""
    found = progress.pending.values()
    return tuple(p.model_copy(update={"digest": short_digest(p.asked)}) for p in found)


def build_transcript(progress: RunProgress) -> TranscriptView:
    held = tuple(message for node in progress.sent for message in node.messages)
    return TranscriptView(
        head=progress.head, saved=progress.saved, unsaved=(*held, *progress.messages)
    )


def _cut_text(text: str) -> str:
    """Truncate `text` to one line, escaped for Markdown."""
    if len(text) <= SHOWN:
        return clean_markdown(text)
    return f"{clean_markdown(text[:SHOWN])}… ({len(text) - SHOWN:,} more characters)"
