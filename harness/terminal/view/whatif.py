"""Print a what-if as text and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table
from rich.text import Text

from harness.contracts.run import RunState
from harness.contracts.whatif import ForkOutcome, Outcome, SourceOutcome, Verdict, WhatIfReport
from harness.journal.whatif import compute_medians
from harness.terminal.view.console import is_narrow, print_indented
from harness.terminal.view.text import (
    clean_shown,
    count_of,
    format_duration,
    format_money,
    one_line,
)

if TYPE_CHECKING:
    from rich.console import Console

STYLES: Mapping[Verdict, str] = {"same": "good", "different": "ask", "failed": "bad"}
WORD = 9
"""The width of the longest verdict."""
OLD, NEW = "old", "new"
"""Labels for the original run and its forks, in tables, lists and the page."""
TABLE = 120
"""Columns for the table if the terminal is narrower, or its width unknown."""


def whatif_headline(report: WhatIfReport) -> str:
    """The question, in one line."""
    changes = "; ".join(clean_shown(each) for each in report.changes) or "no change"
    return f"What if, after turn {report.at}: {changes}"


def describe_verdict(fork: ForkOutcome) -> str:
    """How a fork differs, in words."""
    if fork.verdict == "failed":
        why = fork.error.message if fork.error else fork.reason or "it has not ended"
        return f"{fork.state.value}: {one_line(why, 100)}"
    if fork.parts is None:
        calls = "the same calls" if fork.calls else "no calls"
    else:
        calls = f"different calls from turn {fork.parts} on"
    return f"{'the same' if fork.same_answer else 'a different'} answer, {calls}"


def calls_of(outcome: Outcome, *, fork: bool) -> str:
    """The number of calls, and how they were handled."""
    whole = count_of(len(outcome.calls), "call")
    if not fork or not outcome.calls:
        return whole
    words = {"played": "played back", "refused": "refused", "ran": "live", "invalid": "invalid"}
    parts = [f"{n} {word}" for how, word in words.items() if (n := outcome.count(how))]  # type: ignore[arg-type]
    return f"{whole} ({', '.join(parts)})" if parts else whole


def outcome_figures(outcome: Outcome, *, fork: bool) -> str:
    return " · ".join(
        [
            count_of(outcome.turns, "turn"),
            calls_of(outcome, fork=fork),
            f"{outcome.tokens:,} tokens",
            format_money(outcome.cost_micros),
            format_duration(outcome.seconds),
        ]
    )


def progress_line(fork: ForkOutcome) -> str:
    """The progress line of a fork."""
    time = format_duration(fork.seconds)
    return f"{fork.verdict:<{WORD}}  {fork.run}: {describe_verdict(fork)} ({time})"


def show_whatif(console: Console, report: WhatIfReport) -> None:
    narrow = is_narrow(console)
    console.print(whatif_headline(report), style="bold", soft_wrap=not narrow)
    for source in report.sources:
        console.print()
        for text in _source_lines(source):
            console.print(text, soft_wrap=not narrow)
    console.print()
    if narrow:
        _print_list(console, report)
    else:
        console.print(_make_table(report), width=max(console.width, TABLE), crop=False)


def _source_lines(source: SourceOutcome) -> Iterator[Text]:
    yield Text(clean_shown(source.source), style="bold")
    if was := source.was:
        yield Text.assemble(
            (f"{OLD}  {'':<{WORD}}  ", "quiet"),
            _answer_text(was),
            ("  " + outcome_figures(was, fork=False), "quiet"),
        )
    for fork in source.forks:
        yield Text.assemble(
            (f"{NEW}  ", "quiet"),
            (f"{fork.verdict:<{WORD}}  ", STYLES[fork.verdict]),
            _answer_text(fork),
            (f"  {outcome_figures(fork, fork=True)}", "quiet"),
            (f"  {describe_verdict(fork)} · {fork.run}", "quiet"),
        )
    if source.error:
        yield Text(f"{source.error.message} {source.error.fix}", style="bad")


def _answer_text(outcome: Outcome) -> str:
    if outcome.state is RunState.COMPLETED:
        return one_line(outcome.output, 80) or "(empty)"
    return outcome.state.value


class _Row(NamedTuple):
    name: str
    counts: list[int]
    figures: list[tuple[str, str]]
    """New and old value of each."""
    style: str = ""


def _table_rows(report: WhatIfReport) -> Iterator[_Row]:
    for source in report.sources:
        was = compute_medians([source.was]) if source.was else {}
        counts = [source.count(name) for name in STYLES]
        yield _Row(
            clean_shown(source.source), counts, compare_figures(compute_medians(source.forks), was)
        )
    if len(report.sources) > 1:
        was = compute_medians([each.was for each in report.sources if each.was])
        counts = [report.count(name) for name in STYLES]
        name = f"all {len(report.sources):,}"
        yield _Row(name, counts, compare_figures(compute_medians(report.forks), was), "bold")


def _make_table(report: WhatIfReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="quiet")
    table.add_column("\nrun")
    for name in STYLES:
        table.add_column(f"\n{name}", justify="right", min_width=len(name))
    for name in FIGURES:
        table.add_column(f"median {name}\n{OLD} → {NEW}", justify="right", no_wrap=True)
    for row in _table_rows(report):
        arrows = [format_change(*each) for each in row.figures]
        table.add_row(row.name, *_count_cells(row.counts), *arrows, style=row.style)
    return table


def _print_list(console: Console, report: WhatIfReport) -> None:
    """Print a list if there is no room for the table."""
    for row in _table_rows(report):
        console.print(row.name, style="bold")
        counts = " · ".join(f"{n} {name}" for name, n in zip(STYLES, row.counts, strict=True))
        print_indented(console, Text(counts), 2)
        for name, each in zip(FIGURES, row.figures, strict=True):
            if text := format_change(*each):
                print_indented(console, Text(f"median {name}, {OLD} → {NEW}: {text}"), 2)


def _count_cells(counts: list[int]) -> list[Text]:
    styles = STYLES.values()
    return [
        Text(str(n), style=style if n else "quiet") for n, style in zip(counts, styles, strict=True)
    ]


FIGURES = ("tokens", "cost", "time")


def compare_figures(now: Mapping[str, float], was: Mapping[str, float]) -> list[tuple[str, str]]:
    """Tokens, cost and time, each new and old; empty if unknown."""
    names = ("tokens", "cost_micros", "seconds")
    return [
        (_format_figure(name, now.get(name)), _format_figure(name, was.get(name))) for name in names
    ]


def _format_figure(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name == "tokens":
        return f"{value:,.0f}"
    return format_money(round(value)) if name == "cost_micros" else format_duration(value)


def format_change(now: str, was: str) -> str:
    """Old and new value, even if equal: a single value would be ambiguous."""
    return f"{was or '-'} → {now or '-'}" if now or was else ""
