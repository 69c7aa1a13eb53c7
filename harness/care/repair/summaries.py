"""Answers to queries as a model reads them: figures and a small plot, not thousands of points."""

from __future__ import annotations

from time import gmtime, strftime

from harness.care.telemetry.plot import draw_plot, format_value
from harness.care.telemetry.series import Point
from harness.care.views import Curve, InvariantView, QueryAnswer

PLOTTED = 3
MAX_LINE = 500
NAN = float("nan")


def summarize(answer: QueryAnswer) -> str:
    """Write an answer for a model."""
    if not answer.curves and not answer.lines:
        return "The query matches nothing in this time."
    parts = [_summarize_curve(each, n < PLOTTED) for n, each in enumerate(answer.curves)]
    parts += [f"{_time(line.at)} {line.text[:MAX_LINE]}" for line in answer.lines]
    if answer.more:
        parts.append(f"[{answer.more} more are left out: aggregate, or ask for less]")
    return "\n".join(parts)


def summarize_invariant(each: InvariantView) -> str:
    """Write an invariant for a model, in one line."""
    value = "" if each.value is None else f", value {format_value(each.value)}"
    condition = f"{each.query} {each.operator} {each.threshold:g}"
    since = "" if each.since is None else f" since {write_clock(each.since)}"
    return f"{each.name}: {each.state}{since}{value}; must be: {condition}"


def write_clock(at: float) -> str:
    """A moment as models read and compare it."""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(at))


def _summarize_curve(curve: Curve, plotted: bool) -> str:
    if len(curve.points) == 1:
        return f"{curve.name}: {_show(curve.last)}"
    lines = [
        f"{curve.name}: last {_show(curve.last)}, least {_show(curve.least)}, most "
        f"{_show(curve.most)}, mean {_show(curve.mean)}, p95 {_show(curve.p95)}"
    ]
    lines += [
        f"  changed at {_time(each.at)} from {format_value(each.before)} to "
        f"{format_value(each.after)} ({each.strength:+.0f} standard errors)"
        for each in curve.changes
    ]
    if plotted:
        points = [Point(at, NAN if value is None else value) for at, value in curve.points]
        lines += [f"  {row}" for row in draw_plot(points, width=48, height=4)]
    return "\n".join(lines)


def _show(value: float | None) -> str:
    return "no data" if value is None else format_value(value)


def _time(at: float) -> str:
    return strftime("%H:%M:%SZ", gmtime(at))
