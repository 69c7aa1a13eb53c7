"""The table of a campaign, its verdict, and the same as data."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from harness.contracts import event as e
from tests.crash.plan import KINDS
from tests.crash.trial import Outcome

COLUMNS = ("kind of kill", "trials", "hit", "effects", "asked", "repeats", "p50 s", "p95 s", "violations")  # fmt: skip # noqa: E501


def rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """One for each kind, one for the undos, one for all."""
    made: list[dict[str, Any]] = []
    for kind in KINDS:
        of_kind = [each for each in outcomes if each.trial.kind == kind.title]
        if of_kind:
            made.append(_row(kind.title, of_kind))
    if undone := [each for each in outcomes if each.undone is not None]:
        made.append(_undo_row(undone))
    made.append(_row("all", outcomes) | {"violations": sum(_count(each) for each in outcomes)})
    return made


def _row(title: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    times = [each.case.recovered_s for each in outcomes]
    return {
        "kind of kill": title,
        "trials": len(outcomes),
        "hit": sum(any(hit.own for hit in each.case.hits) for each in outcomes),
        "effects": sum(len(each.evidence.rows) for each in outcomes if each.evidence),
        "asked": sum(not said.busy for each in outcomes for said in each.case.decisions),
        "repeats": sum(repeats(each) for each in outcomes),
        **_spread([time for time in times if time is not None]),
        "violations": sum(len(each.violations) for each in outcomes),
    }


def _undo_row(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    seen = [
        (each.trial.number, visit.key)
        for each in outcomes
        for visit in each.case.visits
        if visit.point == "undo before"
    ]
    return {
        "kind of kill": "then undone, worker in the middle",
        "trials": len(outcomes),
        "hit": sum(each.case.undo_fired for each in outcomes),
        "effects": sum(each.undone or 0 for each in outcomes),
        "asked": 0,
        "repeats": len(seen) - len(set(seen)),
        **_spread([]),
        "violations": sum(len(each.undo_violations) for each in outcomes),
    }


def repeats(outcome: Outcome) -> int:
    """Of activities, as history counts their attempts."""
    trace = outcome.evidence.trace if outcome.evidence else ()
    counted = (e.ToolCallFinished, e.ModelReplied, e.ModelFailed)
    return sum(event.attempts - 1 for event in trace if isinstance(event, counted))


def _spread(times: list[float]) -> dict[str, float | None]:
    if not times:
        return {"p50 s": None, "p95 s": None}
    cuts = statistics.quantiles(times, n=20) if len(times) > 1 else times * 19
    return {"p50 s": round(statistics.median(times), 1), "p95 s": round(cuts[18], 1)}


def _count(outcome: Outcome) -> int:
    return len(outcome.violations) + len(outcome.undo_violations)


def table(made: Sequence[dict[str, Any]]) -> str:
    cells = [[_cell(row[name]) for name in COLUMNS] for row in made]
    widths = [max(len(line[at]) for line in [[*COLUMNS], *cells]) for at in range(len(COLUMNS))]
    lines = [_line(list(COLUMNS), widths), "|".join(["", *("-" * (w + 2) for w in widths), ""])]
    return "\n".join([*lines, *(_line(line, widths) for line in cells)])


def _cell(value: object) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _line(cells: list[str], widths: list[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return f"| {' | '.join([first, *rest])} |"


def verdict(outcomes: Sequence[Outcome], planned: int, failures: Sequence[str], took: float) -> str:
    wrong = sum(_count(each) for each in outcomes) + len(failures)
    effects = sum(len(each.evidence.rows) for each in outcomes if each.evidence)
    made = f"{len(outcomes):,} trials" + (f" of {planned:,}" if len(outcomes) < planned else "")
    if wrong:
        bad = [str(each.trial.number) for each in outcomes if each.bad]
        return f"FAIL: {wrong} violations in {made} ({', '.join(bad)}), {took:.0f} s"
    word = "OK" if len(outcomes) == planned else "OK so far"
    return (
        f"{word}: {made}, {effects:,} effects, each as often as it should be; nothing lost, "
        f"no stream with a gap or a repeat, every unknown asked; {took:.0f} s"
    )
