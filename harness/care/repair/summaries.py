"""Answers to queries as a model reads them: figures and a small plot, not thousands of points. All
of an answer is kept for people."""

from __future__ import annotations

from collections.abc import Sequence
from time import gmtime, strftime

from harness.agent.summarized import Summarized
from harness.care.query_views import Curve, MetricList, QueryAnswer, RelatedCurve
from harness.care.telemetry.plot import draw_plot, format_value
from harness.care.telemetry.series import Point
from harness.care.views import InvariantView
from harness.contracts.clean_text import clean_line

CURVES, LINES, NAMES = 12, 60, 60
PLOTTED = 3
MAX_LINE = 500
MAX_KEPT = 4_000_000
"""Bytes of the data of one query that are kept."""
NAN = float("nan")


def summarize(answer: QueryAnswer) -> str | Summarized:
    """Write an answer for a model, with all of it as data if the text leaves something out."""
    text = write_summary(answer)
    hidden = answer.more or len(answer.curves) > CURVES or len(answer.lines) > LINES
    if not hidden and _is_complete(answer):
        return text
    kept, what = _keep(answer)
    return Summarized(text, kept, "application/json", what)


def write_summary(answer: QueryAnswer) -> str:
    """Write an answer for a model."""
    if not answer.curves and not answer.lines:
        return "The query matches nothing in this time."
    curves, lines = answer.curves[:CURVES], answer.lines[:LINES]
    parts = [_summarize_curve(each, n < PLOTTED) for n, each in enumerate(curves)]
    parts += [f"{_time(line.at)} {_shorten(line.text)}" for line in lines]
    if answer.related:
        parts.append("moved like the first curve:")
    parts += [f"  {summarize_related(each)}" for each in answer.related]
    hidden = answer.more + len(answer.curves) - len(curves) + len(answer.lines) - len(lines)
    if hidden:
        least = "at least " if answer.more and lines else ""
        parts.append(f"[{least}{hidden} more are left out: aggregate, or ask for less]")
    return "\n".join(parts)


def summarize_names(found: Sequence[str]) -> str:
    """Write names or sets of labels for a model, one a line."""
    shown = [_shorten(each) for each in found[:NAMES]]
    more = [f"[{len(found) - NAMES} more are left out]"] if len(found) > NAMES else []
    return "\n".join([*shown, *more]) or "There is nothing in this time."


def _is_complete(answer: QueryAnswer) -> bool:
    short = all(len(each.text) <= MAX_LINE for each in answer.lines)
    return short and all(len(each.points) == 1 for each in answer.curves)


def _keep(answer: QueryAnswer) -> tuple[bytes, str]:
    """The data of an answer, as much as is kept, and what it is."""
    curves, lines = answer.curves, answer.lines
    kept = answer.model_dump_json().encode()
    while len(kept) > MAX_KEPT:
        share = MAX_KEPT / len(kept) * 0.9
        curves, lines = curves[: int(len(curves) * share)], lines[: int(len(lines) * share)]
        more = answer.more + len(answer.curves) - len(curves) + len(answer.lines) - len(lines)
        cut = answer.model_copy(update={"curves": curves, "lines": lines, "more": more})
        kept = cut.model_dump_json().encode()
    unit = "line" if answer.lines else "curve"
    count, found = len(curves) + len(lines), len(answer.curves) + len(answer.lines)
    share = f"{count}" if count == found else f"{count} of {found}"
    return kept, f"{share} {unit}{'' if found == 1 else 's'}"


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
    since = "" if each.since is None else f" since {write_clock(each.since)}"
    language = " (LogQL)" if each.source == "logs" else ""
    return f"{each.name}: {each.state}{since}{value}; must be{language}: {condition}"


def write_clock(at: float) -> str:
    """A moment as models read and compare it."""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(at))


def _summarize_curve(curve: Curve, plotted: bool) -> str:
    name = _shorten(curve.name)
    if len(curve.points) == 1:
        return f"{name}: {_show(curve.last)}"
    lines = [
        f"{name}: last {_show(curve.last)}, least {_show(curve.least)}, most "
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


def _shorten(text: str) -> str:
    """One line without invisible or moving characters: it may not look like another result."""
    return clean_line(text[:MAX_LINE])


def _show(value: float | None) -> str:
    return "no data" if value is None else format_value(value)


def _time(at: float) -> str:
    return strftime("%H:%M:%SZ", gmtime(at))
