"""A what-if as one self-contained HTML page, in the style of a run's page. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from harness.contracts.run import RunState
from harness.contracts.whatif import Called, ForkOutcome, Outcome, SourceOutcome, WhatIfReport
from harness.journal.whatif import VERDICTS, compute_medians
from harness.terminal.page.run_page import NOTHING
from harness.terminal.page.style import STYLE
from harness.terminal.page.whatif_picture import bar_svg, picture_svg
from harness.terminal.view.text import clean_shown, count_of, format_call, one_line
from harness.terminal.view.whatif import (
    FIGURES,
    NEW,
    OLD,
    compare_figures,
    describe_verdict,
    format_change,
    outcome_figures,
    whatif_headline,
)
from harness.version import __version__

OWN_STYLE = """
.same{--c:var(--tool)}.different{--c:var(--wait)}.failed{--c:var(--bad)}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{fill:var(--ink);font-size:13px}svg .axis{fill:var(--soft);font-size:12px}
svg rect,svg circle{fill:var(--c)}svg circle{fill-opacity:.75;stroke:var(--card)}
svg .was{fill:none;stroke:var(--ink);stroke-width:1.6}
svg .median{stroke:var(--ink);stroke-width:2}
svg .rule,svg .grid{stroke:var(--line)}svg .grid{stroke-dasharray:2 4}
.drawn{border:1px solid var(--line);border-radius:10px;background:var(--card);
padding:14px 18px;margin-top:10px}
.bar{margin:4px 0 14px}
.legend .was::before{background:none;border:1.6px solid var(--ink);border-radius:0;
transform:rotate(45deg) scale(.8)}
.legend .median::before{width:2px;border-radius:0;background:var(--ink)}
.runs summary{grid-template-columns:minmax(120px,260px) 9em 1fr}
.runs .tally span{color:var(--c);font-weight:600;margin-right:8px;font-variant-numeric:tabular-nums}
@media screen and (max-width:820px){.drawn{overflow-x:auto}.drawn svg{min-width:640px}
.runs summary{grid-template-columns:1fr}}
.fork{border-left:3px solid var(--c,var(--line));margin:10px 14px;padding:2px 14px}
.fork p{white-space:pre-wrap;overflow-wrap:anywhere;max-height:12em;overflow:auto}
.fork small{margin-top:2px}.fork code{display:block;overflow-wrap:anywhere}
.fork .refused,.fork .invalid{color:var(--bad)}
"""
LEGEND = (
    ("same", "same answer"), ("different", "different answer"), ("failed", "did not complete"),
    ("was", "old: the run itself"), ("median", "new: median of its forks"),
)  # fmt: skip
HOW = {
    "ran": "ran", "played": "played back", "refused": "refused: not recorded",
    "invalid": "invalid", "open": "no result",
}  # fmt: skip


def whatif_page_html(report: WhatIfReport, version: str = __version__) -> str:
    """Draw a what-if as one self-contained HTML page.

    Args:
        report: What `whatif` returned.
        version: The version that the page names.

    Returns:
        The page.
    """
    title = _escape_text(whatif_headline(report))
    body = "\n".join(
        [
            _head_html(report),
            _picture_html(report),
            "<section><h2>Runs</h2><ol class='events runs'>",
            *(_source_html(each) for each in report.sources),
            "</ol></section>",
            f"<footer>harness {escape(version)} · forks labelled "
            f"whatif={_escape_text(report.label)}; their tools did not run</footer>",
        ]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>{STYLE}{OWN_STYLE}</style></head>\n<body><main>\n"
        f"{body}\n</main></body></html>\n"
    )


def _head_html(report: WhatIfReport) -> str:
    was = compute_medians([each.was for each in report.sources if each.was])
    found = zip(FIGURES, compare_figures(compute_medians(report.forks), was), strict=True)
    cells = "".join(_fact_html(name, f"{report.count(name):,}") for name in VERDICTS)
    cells += "".join(
        _fact_html(f"median {name}, {OLD} → {NEW}", format_change(*each)) for name, each in found
    )
    about = f"{count_of(len(report.sources), 'run')}, {count_of(len(report.forks), 'fork')}"
    about += "; tools that only read ran" if report.live_reads else "; no tool ran"
    state = "completed" if report.complete else "failed"
    word = "complete" if report.complete else "incomplete"
    return (
        f"<header><p class=state data-state={state}>{word}</p>"
        f"<h1>{_escape_text(whatif_headline(report))}</h1>"
        f"<p class=about>{about}</p><dl class=facts>{cells}</dl></header>"
    )


def _fact_html(name: str, value: str) -> str:
    return f"<div><dt>{name}</dt><dd>{_escape_text(value or '-')}</dd></div>"


def _picture_html(report: WhatIfReport) -> str:
    if not report.forks:
        return ""
    legend = "".join(f"<span class={kind}>{name}</span>" for kind, name in LEGEND)
    return (
        f"<section><h2>Outcome</h2><p class=legend>{legend}</p>"
        f"<div class=drawn>{bar_svg(report)}{picture_svg(report)}</div></section>"
    )


def _source_html(source: SourceOutcome) -> str:
    tally = "".join(
        f"<span class={name}>{n} {name}</span>" for name in VERDICTS if (n := source.count(name))
    )
    said = one_line(source.was.output, 120) if source.was else ""
    said = source.error.message if source.error else said
    inner = "".join(_detail_parts(source))
    mark = "bad" if source.error else ""
    return (
        f"<li class='{mark}'><details><summary><b>{_escape_text(source.source)}</b>"
        f"<span class=tally>{tally}</span><span class=what>{_escape_text(said)}</span></summary>"
        f"{inner}</details></li>"
    )


def _detail_parts(source: SourceOutcome) -> Iterator[str]:
    if source.error:
        why = f"{source.error.message} [{source.error.code}] {source.error.fix}"
        text = _escape_text(why)
        yield f"<div class='fork failed'><h3>Could not be forked</h3><p>{text}</p></div>"
    if source.was:
        recorded = f"{count_of(source.recorded, 'result')} recorded"
        facts = f"{outcome_figures(source.was, fork=False)} · {recorded}"
        yield _outcome_html(source.was, f"{OLD}: the run itself", facts, "was")
    for fork in source.forks:
        head = f"{NEW}: {fork.run}, {describe_verdict(fork)}"
        yield _outcome_html(fork, head, outcome_figures(fork, fork=True), fork.verdict)


def _outcome_html(outcome: Outcome | ForkOutcome, head: str, facts: str, mark: str) -> str:
    ended = outcome.state is RunState.COMPLETED
    said = outcome.output if ended or not outcome.error else outcome.error.message
    calls = "".join(_call_html(each, fork=mark != "was") for each in outcome.calls)
    return (
        f"<div class='fork {mark}'><h3>{_escape_text(head)}</h3><p>{_escape_text(said)}</p>{calls}"
        f"<small>{_escape_text(facts)}</small></div>"
    )


def _call_html(each: Called, *, fork: bool) -> str:
    how = f" · {HOW[each.how]}" if fork else ""
    return (
        f"<code class={each.how}>{_escape_text(format_call(each.name, each.arguments))}{how}</code>"
    )


def _escape_text(text: str) -> str:
    return escape(clean_shown(text))
