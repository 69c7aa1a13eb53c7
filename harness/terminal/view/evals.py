"""How an evaluation looks at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from harness.contracts.clean_text import clean_line
from harness.evals.contracts import ItemResult
from harness.evals.report import CellReport, Comparison, EvalReport
from harness.evals.rows import EvalRow
from harness.terminal.view.text import count_of, format_money

FAILING = 20
"""Failing results that are shown."""


def progress_line(row: EvalRow) -> str:
    """The progress of an evaluation in one line."""
    rate = f"{row.passed / row.done:.1%} passed" if row.done else "starting"
    cost = format_money(row.cost_micros)
    return f"{row.done:,} of {row.items:,} runs · {rate} · {row.tokens:,} tokens · {cost}"


def show_eval(console: Console, report: EvalReport) -> None:
    """Print a report: a row per agent and model, comparisons, and what failed."""
    from rich.table import Table

    what = f"{count_of(report.cases, 'case')} × {report.repeats}" if report.repeats > 1 else (
        count_of(report.cases, "case")
    )  # fmt: skip
    console.print(
        clean_line(f"{report.name} ({report.eval}): {report.state}, {what}"), markup=False
    )
    table = Table(box=None, pad_edge=False)
    heads = ["AGENT", "MODEL", "PASSED", "RATE", "95 %"]
    heads += [f"PASS^{report.repeats}"] if report.repeats > 1 else []
    for head in [*heads, "TOKENS", "COST", "P50", "P95"]:
        names = head in ("AGENT", "MODEL")
        table.add_column(head, overflow="fold", no_wrap=not names, min_width=10 if names else None)
    for cell in report.cells:
        table.add_row(*(clean_line(each) for each in _cell_row(cell, report.repeats)))
    console.print(table, markup=False)
    for cell in report.cells:
        if len(cell.checks) > 1:
            rates = ", ".join(f"{c.name} {c.passed}/{c.runs}" for c in cell.checks)
            console.print(clean_line(f"{cell.title}: {rates}"), markup=False)
    for each in report.comparisons:
        console.print(clean_line(describe_comparison(each)), markup=False)
    _show_failing(console, report.failing)
    for fault in report.faults:
        console.print(clean_line(f"FAILED  {fault}"), markup=False)


def describe_comparison(found: Comparison) -> str:
    """A comparison in one line."""
    return (
        f"{found.cell} against {found.baseline} ({found.against}): {found.before:.1%} → "
        f"{found.after:.1%}, {found.change:+.1%} [{found.low:+.1%}, {found.high:+.1%}], "
        f"{found.better} better, {found.worse} worse of {found.cases}, p = {found.p:.3g} "
        f"({found.method}): {found.verdict}"
    )


def describe_failure(result: ItemResult) -> str:
    """Why a result did not pass."""
    if result.error is not None:
        return f"{result.error.message} [{result.error.code}]"
    failed = [f"{each.name}: {each.detail}" for each in result.checks if not each.passed]
    return "; ".join(failed) or result.state


def _cell_row(cell: CellReport, repeats: int) -> list[str]:
    hat = [] if repeats == 1 else ["-" if cell.pass_hat is None else f"{cell.pass_hat:.1%}"]
    return [
        cell.agent, cell.model, f"{cell.passed}/{cell.runs}", f"{cell.rate:.1%}",
        f"{cell.low:.1%}-{cell.high:.1%}", *hat, f"{cell.tokens:,}",
        format_money(cell.cost_micros), f"{cell.seconds_p50:.1f} s", f"{cell.seconds_p95:.1f} s",
    ]  # fmt: skip


def _show_failing(console: Console, failing: Sequence[ItemResult]) -> None:
    for each in failing[:FAILING]:
        line = f"  {each.case}  {each.run or '-'}  {describe_failure(each)}"
        console.print(clean_line(line), markup=False, highlight=False)
    if len(failing) > FAILING:
        console.print(f"  ... and {len(failing) - FAILING} more", markup=False)
