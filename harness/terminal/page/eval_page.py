"""An evaluation as one self-contained HTML page, in the style of a run's page. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from harness.evals.contracts import ItemResult
from harness.evals.report import CellReport, Comparison, EvalReport
from harness.terminal.page.run_page import NOTHING
from harness.terminal.page.style import STYLE
from harness.terminal.view.evals import describe_failure
from harness.terminal.view.text import clean_shown, count_of, format_money
from harness.version import __version__

WIDTH, LEFT, RIGHT, ROW = 1040, 300, 110, 34
MAX_ANSWER = 2_000
OWN_STYLE = """
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{fill:var(--ink);font-size:13px}svg .axis{fill:var(--soft);font-size:12px}
svg .grid{stroke:var(--line);stroke-dasharray:2 4}svg .bar{fill:var(--tool);fill-opacity:.35}
svg .rate{fill:var(--tool)}svg .range{stroke:var(--ink);stroke-width:1.6}
svg .least{stroke:var(--bad);stroke-width:1.6;stroke-dasharray:5 3}
svg .zero{stroke:var(--soft)}svg .regression{fill:var(--bad);stroke:var(--bad)}
svg .improvement{fill:var(--tool);stroke:var(--tool)}svg .same{fill:var(--ink);stroke:var(--ink)}
.drawn{border:1px solid var(--line);border-radius:10px;background:var(--card);
padding:14px 18px;margin-top:10px}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin-top:10px}
th,td{text-align:left;padding:5px 12px 5px 0;border-bottom:1px solid var(--line);
vertical-align:top;overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600;white-space:nowrap}
td.number{white-space:nowrap;text-align:left;font-size:inherit;
font-variant-numeric:tabular-nums}
.verdict{white-space:nowrap}.runs summary{grid-template-columns:minmax(120px,300px) 1fr}
.runs summary b{overflow-wrap:anywhere}.fork{margin:10px 14px;padding:2px 14px}
.faults li{color:var(--bad)}.answer{white-space:pre-wrap;max-height:10em;overflow:auto}
@media screen and (max-width:820px){.drawn{overflow-x:auto}.drawn svg{min-width:640px}}
"""


def eval_page_html(report: EvalReport, version: str = __version__) -> str:
    """Draw an evaluation as one self-contained HTML page.

    Args:
        report: What `report_eval` returned.
        version: The version that the page names.

    Returns:
        The page.
    """
    body = "\n".join(
        [
            _head_html(report),
            _rates_html(report),
            _cells_html(report),
            _comparisons_html(report),
            _failing_html(report),
            f"<footer>harness {escape(version)} · runs labelled eval={_text(report.eval)}</footer>",
        ]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(report.name)}</title>\n<style>{STYLE}{OWN_STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _head_html(report: EvalReport) -> str:
    faults = report.faults
    state, word = ("failed", "failed") if faults else ("completed", "passed")
    about = f"{count_of(report.cases, 'case')}, {count_of(len(report.cells), 'agent and model')}"
    about = about.replace("agent and models", "agents and models")
    about += f", {count_of(report.repeats, 'repeat')}: {report.done:,} of {report.items:,} runs"
    told = "".join(f"<li>{_text(each)}</li>" for each in faults)
    return (
        f"<header><p class=state data-state={state}>{word}</p><h1>{_text(report.name)}</h1>"
        f"<p class=about>{about}; {_text(report.eval)}</p></header>"
        + (f"<ul class=faults>{told}</ul>" if faults else "")
    )


def _rates_html(report: EvalReport) -> str:
    return (
        "<section><h2>Pass rates</h2><p class=about>with 95 % confidence intervals</p>"
        f"<div class=drawn>{_rates_svg(report)}</div></section>"
    )


def _rates_svg(report: EvalReport) -> str:
    height = ROW * len(report.cells)
    rows = "".join(_rate_svg(cell, number) for number, cell in enumerate(report.cells))
    grid = "".join(
        f'<line class=grid x1="{_x(share):.1f}" x2="{_x(share):.1f}" y1="0" y2="{height}"/>'
        f'<text class=axis x="{_x(share):.1f}" y="{height + 18}" text-anchor="middle">'
        f"{share:.0%}</text>"
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    least = ""
    if report.threshold is not None:
        at = _x(report.threshold)
        least = f'<line class=least x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{height}"/>'
    label = escape(", ".join(f"{clean_shown(c.title)}: {c.rate:.1%}" for c in report.cells))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height + 26}" role="img" aria-label="{label}">'
        f"{grid}{rows}{least}</svg>"
    )


def _rate_svg(cell: CellReport, number: int) -> str:
    middle = number * ROW + ROW / 2
    name = cell.title if len(cell.title) <= 44 else f"{cell.title[:43]}…"
    return (
        f'<text x="0" y="{middle + 4:.0f}">{_text(name)}<title>{_text(cell.title)}</title></text>'
        f'<rect class=bar x="{LEFT}" y="{middle - 8:.0f}" height="16" rx="3" '
        f'width="{_x(cell.rate) - LEFT:.1f}"/>'
        f'<line class=range x1="{_x(cell.low):.1f}" x2="{_x(cell.high):.1f}" '
        f'y1="{middle:.0f}" y2="{middle:.0f}"/>'
        f'<circle class=rate cx="{_x(cell.rate):.1f}" cy="{middle:.0f}" r="5"/>'
        f'<text x="{WIDTH - RIGHT + 20}" y="{middle + 4:.0f}">{cell.rate:.1%}</text>'
    )


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _cells_html(report: EvalReport) -> str:
    checks = [check.name for check in report.cells[0].checks] if report.cells else []
    heads = ["Agent", "Model", "Passed", "Rate", "95 %"]
    heads += [f"pass^{report.repeats}"] if report.repeats > 1 else []
    heads += ["Tokens", "Cost", "Judges", "p50", "p95", *checks]
    rows = "".join(_cell_html(cell, report.repeats) for cell in report.cells)
    head = "".join(f"<th>{_text(each)}</th>" for each in heads)
    return (
        f"<section><h2>Agents and models</h2><div class=wide><table><tr>{head}</tr>{rows}"
        "</table></div></section>"
    )


def _cell_html(cell: CellReport, repeats: int) -> str:
    hat = [] if repeats == 1 else ["-" if cell.pass_hat is None else f"{cell.pass_hat:.1%}"]
    numbers = [
        f"{cell.passed:,}/{cell.runs:,}", f"{cell.rate:.1%}", f"{cell.low:.1%}-{cell.high:.1%}",
        *hat, f"{cell.tokens:,}", format_money(cell.cost_micros) or "-",
        format_money(cell.judge_micros) if cell.judge_micros else f"{cell.judge_tokens:,} tokens",
        f"{cell.seconds_p50:.1f} s", f"{cell.seconds_p95:.1f} s",
        *(f"{each.passed:,}/{each.runs:,}" for each in cell.checks),
    ]  # fmt: skip
    shown = "".join(f"<td class=number>{escape(each)}</td>" for each in numbers)
    return f"<tr><td>{_text(cell.agent)}</td><td>{_text(cell.model)}</td>{shown}</tr>"


def _comparisons_html(report: EvalReport) -> str:
    if not report.comparisons:
        return ""
    heads = ("Agent and model", "Against", "Before", "After", "Change, 95 %", "Better", "Worse",
             "p", "Verdict")  # fmt: skip
    head = "".join(f"<th>{each}</th>" for each in heads)
    rows = "".join(_comparison_html(each) for each in report.comparisons)
    return (
        f"<section><h2>Comparison</h2><div class=drawn>{_changes_svg(report)}</div>"
        f"<div class=wide><table><tr>{head}</tr>{rows}</table></div></section>"
    )


def _comparison_html(found: Comparison) -> str:
    numbers = (
        f"{found.before:.1%}", f"{found.after:.1%}",
        f"{found.change:+.1%} [{found.low:+.1%}, {found.high:+.1%}]",
        f"{found.better:,}", f"{found.worse:,}", f"{found.p:.3g}",
    )  # fmt: skip
    shown = "".join(f"<td class=number>{each}</td>" for each in numbers)
    against = _text(f"{found.baseline}: {found.against}")
    title = escape(f"{found.method} over {found.cases} cases")
    return (
        f'<tr><td>{_text(found.cell)}</td><td>{against}</td>{shown}<td title="{title}">'
        f"{found.verdict}</td></tr>"
    )


def _changes_svg(report: EvalReport) -> str:
    """The changes, from -100 % to +100 %."""
    height = ROW * len(report.comparisons)
    rows: list[str] = []
    for number, found in enumerate(report.comparisons):
        middle = number * ROW + ROW / 2
        low, high, at = (_x((each + 1) / 2) for each in (found.low, found.high, found.change))
        kind = "same" if found.verdict == "no difference" else found.verdict
        name = found.cell if len(found.cell) <= 44 else f"{found.cell[:43]}…"
        rows.append(
            f'<text x="0" y="{middle + 4:.0f}">{_text(name)}</text>'
            f'<line class={kind} x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.0f}" '
            f'y2="{middle:.0f}"/><circle class={kind} cx="{at:.1f}" cy="{middle:.0f}" r="5"/>'
            f'<text x="{WIDTH - RIGHT + 20}" y="{middle + 4:.0f}">{found.change:+.1%}</text>'
        )
    zero = _x(0.5)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height + 26}" role="img" aria-label="changes">'
        f'<line class=zero x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{height}"/>'
        f'<text class=axis x="{zero:.1f}" y="{height + 18}" text-anchor="middle">no change</text>'
        f"{''.join(rows)}</svg>"
    )


def _failing_html(report: EvalReport) -> str:
    if not report.failing:
        return ""
    items = "".join("".join(_failure_parts(each, report)) for each in report.failing)
    return f"<section><h2>Failing</h2><ol class='events runs'>{items}</ol></section>"


def _failure_parts(result: ItemResult, report: EvalReport) -> Iterator[str]:
    cell = report.cells[result.cell].title
    yield f"<li class=bad><details><summary><b>{_text(result.case)}</b>"
    yield f"<span class=what>{_text(describe_failure(result))}</span></summary>"
    yield f"<div class=fork><h3>{_text(cell)}, run {_text(result.run or '-')}</h3>"
    yield f"<p class=answer>{_text(result.output[:MAX_ANSWER])}</p>"
    if result.tools:
        yield f"<code>{_text(', '.join(result.tools))}</code>"
    yield "</div></details></li>"


def _text(text: str) -> str:
    return escape(clean_shown(text))
