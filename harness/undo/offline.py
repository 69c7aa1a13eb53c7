"""What a dry run reports if no worker answers: what the ledger alone says."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts.effect import EffectRow, UndoReport, UndoSpec, UndoStep
from harness.contracts.errors import Irreversible

TITLE = 80


def report_unchecked(spec: UndoSpec, left: Sequence[EffectRow], why: str) -> UndoReport:
    """Report the effects that are left, given in the order in which they began. `why`: the reason
    why neither their tools nor their targets could be asked."""
    return UndoReport(
        run=spec.run, to_turn=spec.to_turn, dry_run=spec.dry_run,
        steps=tuple(_make_step(spec, row, why) for row in reversed(left)),
    )  # fmt: skip


def _make_step(spec: UndoSpec, row: EffectRow, why: str) -> UndoStep:
    step = UndoStep(
        call=row.call, turn=row.turn, tool=row.tool, title=format_title(row), state="passed"
    )
    if row.call in spec.past:
        return step
    if row.effect == "irreversible":
        obstacle = irreversible_error(row.tool).info
        return step.model_copy(update={"state": "stopped", "obstacle": obstacle})
    return step.model_copy(update={"state": "would_undo", "checked": f"Not checked: {why}"})


def irreversible_error(tool: str) -> Irreversible:
    return Irreversible(f"{tool} is irreversible.")


def format_title(row: EffectRow) -> str:
    """Format a call in one short line."""
    inner = ", ".join(f"{name}={value!r}" for name, value in row.arguments.items())
    text = f"{row.tool}({inner})"
    return text if len(text) <= TITLE else text[: TITLE - 1] + "…"
