"""Answers to queries as a model reads them: figures and a small plot, not thousands of points."""

from __future__ import annotations

from time import gmtime, strftime

from harness.care.query_views import MetricList, RelatedCurve
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
    if answer.related:
        parts.append("moved like the first curve:")
    parts += [f"  {summarize_related(each)}" for each in answer.related]
    if answer.more:
        parts.append(f"[{answer.more} more are left out: aggregate, or ask for less]")
    return "\n".join(parts)


def summarize_related(each: RelatedCurve) -> str:
    """Write a related curve, in one line."""
    what = f"increase of {each.name}" if each.is_rate else each.name
    moved = ""
    if each.at is not None:
        moved = f", from {_show(each.before)} to {_show(each.after)} at {_time(each.at)}"
    return f"{what[:MAX_LINE]}: correlation {each.correlation:+.2f}{moved}"


def summarize_metrics(found: MetricList) -> str:
    """Write metrics for a model, one in each line."""
    lines = list[str]()
    for each in found.metrics:
        about = " ".join(filter(None, (each.type, each.unit)))
        count = "" if each.series is None else f", {each.series} series"
        lines.append(f"{each.name} ({about or 'unknown type'}{count}): {each.help}"[:MAX_LINE])
        lines += [
            f"  {label}: {', '.join(values)}"[:MAX_LINE] for label, values in each.labels.items()
        ]
    if found.more:
        lines.append(f"[{found.more} more are left out: give more words]")
    return "\n".join(lines) or "No metric fits."


def summarize_invariant(each: InvariantView) -> str:
    """Write an invariant for a model, in one line."""
    value = "" if each.value is None else f", value {format_value(each.value)}"
    condition = f"{each.query} {each.operator} {each.threshold:g}"
    return f"{each.name}: {each.state}{value}; must be: {condition}"


def _summarize_curve(curve: Curve, plotted: bool) -> str:
    if len(curve.points) == 1:
        return f"{curve.name}: {_show(curve.last)}"
    lines = [
        f"{curve.name}: last {_show(curve.last)}, least {_show(curve.least)}, most "
        f"{_show(curve.most)}, mean {_show(curve.mean)}, p95 {_show(curve.p95)}"
    ]
    if (compared := curve.compared) is not None:
        lines.append(
            f"  compared: {format_value(compared.before)} before, {format_value(compared.after)} "
            f"after ({compared.strength:+.0f} standard errors)"
        )
    lines += [
        f"  changed at {_time(each.at)} from {format_value(each.before)} to "
        f"{format_value(each.after)} ({each.strength:+.0f} standard errors)"
        for each in curve.changes
    ]
    if (trend := curve.trend) is not None:
        lines.append(
            f"  moved steadily from {format_value(trend.first)} to {format_value(trend.last)}"
        )
    if (spike := curve.spike) is not None:
        lines.append(
            f"  was {format_value(spike.value)} at {_time(spike.at)}, otherwise about "
            f"{format_value(spike.usual)}"
        )
    if plotted:
        points = [Point(at, NAN if value is None else value) for at, value in curve.points]
        lines += [f"  {row}" for row in draw_plot(points, width=48, height=4)]
    return "\n".join(lines)


def _show(value: float | None) -> str:
    return "no data" if value is None else format_value(value)


def _time(at: float) -> str:
    return strftime("%H:%M:%SZ", gmtime(at))
