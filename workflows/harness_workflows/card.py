"""What a run says of itself: the Markdown card in the Temporal page and the answers to queries."""

from __future__ import annotations

from temporalio import workflow

from harness.contracts.run import RunStatus, TranscriptView
from harness_workflows.calls import summary
from harness_workflows.memory import Memory

SHOWN = 600  # characters of a text on the card: the page slows down with large ones


def show(memory: Memory, doing: str) -> None:
    """Say what the run does now; the page shows it, history does not store it."""
    memory.doing = doing
    workflow.set_current_details(markdown(memory))


def markdown(memory: Memory) -> str:
    totals = memory.totals
    about = "~" if totals.usage.estimated else ""
    rows = [
        ("State", f"**{memory.state.value}**" + (f": {memory.aborted}" if memory.aborted else "")),
        ("Doing", memory.doing),
        ("Turn", str(memory.turn)),
        ("Model", memory.spec.model),
        ("Tokens", f"{about}{totals.usage.input:,} in, {about}{totals.usage.output:,} out"),
        ("Cost", "unknown" if totals.cost_micros is None else f"${totals.cost_micros / 1e6:.6f}"),
    ]
    if memory.spec.session:
        rows.append(("Session", memory.spec.session))
    if memory.spec.parent:
        rows.append(("Fork of", f"{memory.spec.parent.run}, turn {memory.spec.parent.turn}"))
    if memory.hints:
        rows.append(("Hints waiting", str(len(memory.hints))))
    if memory.refusal:
        rows.append(("Last refused signal", memory.refusal))
    lines = ["| | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in rows)]
    lines += ["", f"**Asked:** {_cut(memory.spec.asked)}"]
    for pending in memory.pending.values():
        lines += ["", f"**Waiting for a person** (`{pending.id}`): {_cut(pending.question)}"]
        if pending.tool:
            lines += ["", f"> `{_cut(summary(pending.tool, pending.arguments or {}))}`"]
        lines += ["", f'> Update `decide` with `{{"id": "{pending.id}", "verdict": "approve"}}`']
    if memory.reply:
        lines += ["", f"**Said last:** {_cut(memory.reply)}"]
    return "\n".join(lines)


def status(memory: Memory) -> RunStatus:
    return RunStatus(
        run=workflow.info().workflow_id,
        agent=memory.spec.agent,
        state=memory.state,
        turn=memory.turn,
        doing=memory.doing,
        model=memory.spec.model,
        totals=memory.totals,
        pending=tuple(memory.pending.values()),
        hints=len(memory.hints),
        session=memory.spec.session,
        reason=memory.aborted,
    )


def transcript(memory: Memory) -> TranscriptView:
    held = tuple(message for node in memory.sent for message in node.messages)
    return TranscriptView(head=memory.head, saved=memory.saved, unsaved=(*held, *memory.messages))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _cell(text: str) -> str:
    return _cut(text).replace("|", "\\|").replace("\n", " ")
