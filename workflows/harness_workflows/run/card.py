"""What a run says of itself: the Markdown card in the Temporal page and the answers to queries."""

from __future__ import annotations

import json
from typing import Any

from temporalio import workflow

from harness.contracts.clean_text import clean_markdown
from harness.contracts.run import Pending, RunStatus, TranscriptView
from harness.contracts.verdicts import MEANINGS, short_digest
from harness_workflows.run.progress import Memory

SHOWN = 600  # characters of a text on the card: the page slows down with large ones
MORE: dict[str, dict[str, object]] = {
    "edit": {"arguments": {"NAME": "VALUE"}},
    "answer": {"answer": "TEXT"},
    "reject": {"note": "WHY"},
}
"""What an update has besides its verdict, to be filled in."""


def show(memory: Memory, doing: str) -> None:
    """Say what the run does now; the page shows it, history does not store it."""
    memory.doing = doing
    workflow.set_current_details(markdown(memory))


def markdown(memory: Memory) -> str:
    totals = memory.totals
    about = "~" if totals.usage.estimated else ""
    rows = [
        (
            "State",
            f"**{memory.state.value}**" + (f": {_cut(memory.aborted)}" if memory.aborted else ""),
        ),
        ("Doing", _cut(memory.doing)),
        ("Turn", str(memory.turn)),
        ("Model", _cut(memory.spec.model)),
        ("Tokens", f"{about}{totals.usage.input:,} in, {about}{totals.usage.output:,} out"),
        ("Cost", "unknown" if totals.cost_micros is None else f"${totals.cost_micros / 1e6:.6f}"),
    ]
    if memory.spec.session:
        rows.append(("Session", _cut(memory.spec.session)))
    if memory.spec.parent:
        rows.append(("Fork of", f"{_cut(memory.spec.parent.run)}, turn {memory.spec.parent.turn}"))
    if memory.hints:
        rows.append(("Hints waiting", str(len(memory.hints))))
    if memory.refusal:
        rows.append(("Last refused signal", _cut(memory.refusal)))
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    lines += ["", f"**Asked:** {_cut(memory.spec.asked)}"]
    for pending in memory.pending.values():
        lines += ["", *waiting_lines(pending)]
    if memory.reply:
        lines += ["", f"**Said last:** {_cut(memory.reply)}"]
    return "\n".join(lines)


def waiting_lines(waits: Pending) -> list[str]:
    """The question, the arguments, and what each verdict does: one update a line, to be pasted."""
    lines = [f"**Waiting for a person** ({clean_markdown(waits.id)}): {_cut(waits.question)}"]
    if waits.tool:
        lines += ["", f"> {clean_markdown(waits.tool)} {_arguments(waits.arguments)}"]
    lines += ["", "Update `decide` with one of:", ""]
    for verdict, does in MEANINGS[waits.need].items():
        sent = {
            "id": waits.id,
            "verdict": verdict,
            "digest": short_digest(waits.asked),
            **MORE.get(verdict, {}),
        }
        sent = {name: value for name, value in sent.items() if value is not None}
        lines.append(f"- {clean_markdown(does)}: {_code(json.dumps(sent))}")
    return lines


def _arguments(arguments: dict[str, Any] | None) -> str:
    """As JSON; what does not fit is counted. The page's Memo tab has all of it."""
    text = json.dumps(arguments or {}, ensure_ascii=False)
    if len(text) <= SHOWN:
        return clean_markdown(text)
    more = f"({len(text) - SHOWN:,} of {len(text):,} characters are not shown: see the Memo tab)"
    return f"{clean_markdown(text[:SHOWN])}… **{more}**"


def status(memory: Memory) -> RunStatus:
    return RunStatus(
        run=workflow.info().workflow_id,
        agent=memory.spec.agent,
        state=memory.state,
        turn=memory.turn,
        doing=memory.doing,
        model=memory.spec.model,
        totals=memory.totals,
        pending=pending(memory),
        hints=len(memory.hints),
        session=memory.spec.session,
        reason=memory.aborted,
    )


def pending(memory: Memory) -> tuple[Pending, ...]:
    """What waits, each with the digest that a decision may send along."""
    found = memory.pending.values()
    return tuple(p.model_copy(update={"digest": short_digest(p.asked)}) for p in found)


def transcript(memory: Memory) -> TranscriptView:
    held = tuple(message for node in memory.sent for message in node.messages)
    return TranscriptView(head=memory.head, saved=memory.saved, unsaved=(*held, *memory.messages))


def _code(text: str) -> str:
    return clean_markdown(text) if "`" in text else f"`{text}`"


def _cut(text: str) -> str:
    """`text` on one line that Markdown leaves alone."""
    if len(text) <= SHOWN:
        return clean_markdown(text)
    return f"{clean_markdown(text[:SHOWN])}… ({len(text) - SHOWN:,} more characters)"
