"""The outcome of a what-if as a picture: a row per run, a square per fork, and its usage. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from harness.contracts.whatif import ForkOutcome, SourceOutcome, WhatIfReport
from harness.journal.whatif import VERDICTS, compute_medians
from harness.terminal.view.text import clean_shown
from harness.terminal.view.whatif import describe_verdict, outcome_figures

WIDTH = 1040
NAME = 210
ROW = 30
SQUARE, GAP = 14, 4
MOST_SQUARES = 20
"""Per line; the rest goes below."""
FOOT = 34


def picture_svg(report: WhatIfReport) -> str:
    sources = [each for each in report.sources if each.was]
    most = max((fork.tokens for fork in report.forks), default=0)
    most = max([most, 1, *(each.was.tokens for each in sources if each.was)])
    columns = min(max((len(each.forks) for each in sources), default=0), MOST_SQUARES)
    left = NAME + columns * (SQUARE + GAP) + 24
    scale = _Scale(left, WIDTH - 16, _round_up(most))
    rows: list[str] = []
    top = 0
    for source in sources:
        height = _row_height(source)
        rows.append(_row_svg(source, top, height, scale))
        top += height
    body = "".join([*_axis_svg(scale, top), *rows])
    label = f"{len(sources)} runs, {len(report.forks)} forks: " + ", ".join(
        f"{report.count(each)} {each}" for each in VERDICTS
    )
    return (
        f'<svg class=picture viewBox="0 0 {WIDTH} {top + FOOT}" role="img" '
        f'aria-label="{escape(label)}">{body}</svg>'
    )


def bar_svg(report: WhatIfReport) -> str:
    """The verdicts of all forks as one bar."""
    whole = len(report.forks)
    if not whole:
        return ""
    parts: list[str] = []
    at = 0.0
    for name in VERDICTS:
        width = WIDTH * report.count(name) / whole
        if width:
            title = f"<title>{report.count(name)} {name}</title>"
            parts.append(
                f"<rect class={name} x={at:.1f} y=0 width={max(width - 2, 1):.1f} height=14 rx=4>"
                f"{title}</rect>"
            )
        at += width
    return f'<svg class=bar viewBox="0 0 {WIDTH} 14" aria-hidden="true">{"".join(parts)}</svg>'


class _Scale:
    """Maps tokens to pixels."""

    def __init__(self, left: float, right: float, most: int) -> None:
        self.left, self.right, self.most = left, right, most

    def x_of(self, tokens: float) -> float:
        return self.left + (self.right - self.left) * tokens / self.most


def _round_up(most: int) -> int:
    """Round up to a readable number for the end of an axis."""
    size = 10 ** (len(str(most)) - 1)
    return next(size * step for step in (1, 2, 4, 5, 8, 10) if size * step >= most)


def _row_height(source: SourceOutcome) -> int:
    lines = max(1, -(-len(source.forks) // MOST_SQUARES))
    return ROW + (lines - 1) * (SQUARE + GAP)


def _row_svg(source: SourceOutcome, top: int, height: int, scale: _Scale) -> str:
    middle = top + ROW / 2
    name = clean_shown(source.source)
    shown = name if len(name) <= 28 else name[:27] + "…"
    line = f"<line class=rule x1=0 x2={WIDTH} y1={top + height} y2={top + height} />"
    text = f'<text x=0 y="{middle + 4.5}"><title>{escape(name)}</title>{escape(shown)}</text>'
    squares = "".join(_square_svg(fork, place, top) for place, fork in enumerate(source.forks))
    return f"<g>{line}{text}{squares}{''.join(_usage_svg(source, middle, scale))}</g>"


def _square_svg(fork: ForkOutcome, place: int, top: int) -> str:
    x = NAME + place % MOST_SQUARES * (SQUARE + GAP)
    y = top + (ROW - SQUARE) / 2 + place // MOST_SQUARES * (SQUARE + GAP)
    return (
        f"<rect class={fork.verdict} x={x} y={y} width={SQUARE} height={SQUARE} rx=3>"
        f"{_title_svg(fork)}</rect>"
    )


def _usage_svg(source: SourceOutcome, middle: float, scale: _Scale) -> Iterator[str]:
    """Forks as dots, their median as a stroke, the run itself as a hollow diamond."""
    if source.forks:
        x = scale.x_of(compute_medians(source.forks)["tokens"])
        yield f"<line class=median x1={x:.1f} x2={x:.1f} y1={middle - 9} y2={middle + 9} />"
    if source.was:
        x = scale.x_of(source.was.tokens)
        title = f"<title>old: {escape(outcome_figures(source.was, fork=False))}</title>"
        yield (f'<path class=was d="M{x:.1f} {middle - 7}l7 7l-7 7l-7 -7z">{title}</path>')
    for fork in source.forks:
        yield (
            f"<circle class={fork.verdict} cx={scale.x_of(fork.tokens):.1f} cy={middle} r=4.5>"
            f"{_title_svg(fork)}</circle>"
        )


def _axis_svg(scale: _Scale, bottom: int) -> Iterator[str]:
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = scale.x_of(scale.most * share)
        yield f"<line class=grid x1={x:.1f} x2={x:.1f} y1=0 y2={bottom} />"
        place = "end" if share == 1 else "start" if share == 0 else "middle"
        tokens = scale.most * share
        shown = f"{tokens:,.0f} tokens" if share == 1 else f"{tokens:,.0f}"
        yield f'<text class=axis x={x:.1f} y={bottom + 20} text-anchor="{place}">{shown}</text>'


def _title_svg(fork: ForkOutcome) -> str:
    words = f"{fork.run}: {describe_verdict(fork)} · {outcome_figures(fork, fork=True)}"
    return f"<title>{escape(clean_shown(words))}</title>"
