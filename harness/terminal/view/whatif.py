"""A what-if as words and tables. Pure, but for the console that it is printed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from harness.contracts.run import RunState
from harness.contracts.whatif import ForkOutcome, Outcome, SourceOutcome, Verdict, WhatIfReport
from harness.journal.whatif import medians
from harness.terminal.view.text import clean, count, money, one_line, took

if TYPE_CHECKING:
    from rich.console import Console

STYLES: Mapping[Verdict, str] = {"same": "good", "different": "ask", "failed": "bad"}
WORD = 9
"""Room for the longest verdict."""
TABLE = 120
"""Columns that the table may take where the terminal's width is not known, or less."""


def headline(report: WhatIfReport) -> str:
    """What was asked, in one line."""
    changes = "; ".join(clean(each) for each in report.changes) or "no change"
    return f"What if, after turn {report.at}: {changes}"


def verdict(fork: ForkOutcome) -> str:
    """How a fork differs, in words."""
    if fork.verdict == "failed":
        why = fork.error.message if fork.error else fork.reason or "it has not ended"
        return f"{fork.state.value}: {one_line(why, 100)}"
    if fork.parts is None:
        calls = "the same calls" if fork.calls else "no calls"
    else:
        calls = f"other calls from turn {fork.parts} on"
    return f"{'the same' if fork.same_answer else 'another'} answer, {calls}"


def calls_of(outcome: Outcome, *, fork: bool) -> str:
    """How many calls there were, and what became of them."""
    whole = count(len(outcome.calls), "call")
    if not fork or not outcome.calls:
        return whole
    words = {"played": "played back", "refused": "refused", "ran": "live", "invalid": "invalid"}
    parts = [f"{n} {word}" for how, word in words.items() if (n := outcome.count(how))]  # type: ignore[arg-type]
    return f"{whole} ({', '.join(parts)})" if parts else whole


def figures(outcome: Outcome, *, fork: bool) -> str:
    return " · ".join(
        [
            count(outcome.turns, "turn"),
            calls_of(outcome, fork=fork),
            f"{outcome.tokens:,} tokens",
            money(outcome.cost_micros),
            took(outcome.seconds),
        ]
    )


def told(fork: ForkOutcome) -> str:
    """One line while it is under way."""
    return f"{fork.verdict:<{WORD}}  {fork.run}: {verdict(fork)} ({took(fork.seconds)})"


def show(console: Console, report: WhatIfReport) -> None:
    console.print(headline(report), style="bold", soft_wrap=True)
    for source in report.sources:
        console.print()
        for text in _source(source):
            console.print(text, soft_wrap=True)
    console.print()
    console.print(_table(report), width=max(console.width, TABLE), crop=False)


def _source(source: SourceOutcome) -> Iterator[Text]:
    yield Text(clean(source.source), style="bold")
    if was := source.was:
        label = f"{'was':<{WORD}}  "
        yield Text.assemble(
            (label, "quiet"), _said(was), ("  " + figures(was, fork=False), "quiet")
        )
    for fork in source.forks:
        yield Text.assemble(
            (f"{fork.verdict:<{WORD}}  ", STYLES[fork.verdict]),
            _said(fork),
            (f"  {figures(fork, fork=True)}", "quiet"),
            (f"  {verdict(fork)} · {fork.run}", "quiet"),
        )
    if source.error:
        yield Text(f"{source.error.message} {source.error.fix}", style="bad")


def _said(outcome: Outcome) -> str:
    if outcome.state is RunState.COMPLETED:
        return one_line(outcome.output, 80) or "(no words)"
    return outcome.state.value


def _table(report: WhatIfReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="quiet")
    table.add_column("run")
    for name in STYLES:
        table.add_column(name, justify="right", min_width=len(name))
    for name in ("median tokens", "cost", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    for source in report.sources:
        was = medians([source.was]) if source.was else {}
        counts = [source.count(name) for name in STYLES]
        table.add_row(clean(source.source), *_counts(counts), *_arrows(source.forks, was))
    if len(report.sources) > 1:
        was = medians([each.was for each in report.sources if each.was])
        counts = [report.count(name) for name in STYLES]
        name = f"all {len(report.sources):,}"
        table.add_row(name, *_counts(counts), *_arrows(report.forks, was), style="bold")
    return table


def _arrows(forks: Sequence[Outcome], was: Mapping[str, float]) -> list[str]:
    return [_arrow(*each) for each in against(medians(forks), was)]


def _counts(counts: list[int]) -> list[Text]:
    styles = STYLES.values()
    return [
        Text(str(n), style=style if n else "quiet") for n, style in zip(counts, styles, strict=True)
    ]


def against(now: Mapping[str, float], was: Mapping[str, float]) -> list[tuple[str, str]]:
    """Tokens, cost and time, each as it is and as it was; empty where it is not known."""
    names = ("tokens", "cost_micros", "seconds")
    return [(_figure(name, now.get(name)), _figure(name, was.get(name))) for name in names]


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name == "tokens":
        return f"{value:,.0f}"
    return money(round(value)) if name == "cost_micros" else took(value)


def _arrow(now: str, was: str) -> str:
    return f"{was} → {now}" if was and now and was != now else now
