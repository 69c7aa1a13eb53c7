"""`harness care query`: metrics and logs in the terminal."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from time import localtime, strftime

from harness.care.query_views import Curve, Moment, QueryAnswer, QueryBody
from harness.care.telemetry.plot import draw_plot, format_value, name_mark
from harness.care.telemetry.series import Point
from harness.cli.access.shown import print_table
from harness.cli.care.body import make_body
from harness.cli.context import open_backend
from harness.cli.history.time_filter import parse_duration
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.terminal import exit_codes
from harness.terminal.view.text import count_of

CURVES, LINES = 5, 100
MAX_TEXT = 120
NAN = float("nan")


async def run_query(args: Namespace, out: Out) -> int:
    if args.subject is not None and args.since is None:
        raise UsageError("--subject marks what happened on a time axis.", "Pass --since too.")
    if args.since is None and (args.compare or args.related is not None):
        what = "--compare" if args.compare else "--related"
        raise UsageError(f"{what} needs curves.", "Pass --since too.")
    now = time.time()
    seconds = parse_duration("--since", args.since).total_seconds() if args.since else None
    ago = _read_compare(args.compare, args.since, seconds)
    fields = {
        "query": args.query,
        "end": now if args.since else None,
        "related": args.related,
        "compare_at": None if ago is None else now - ago,
        "source": "logs" if args.logs else "metrics",
        "seconds": seconds,
        "limit": args.limit if args.limit is not None else LINES if args.logs else CURVES,
    }
    body = make_body(QueryBody, fields, "care query")
    async with open_backend(args, out) as backend:
        answer = await backend.care.query(body)
        moments = list[Moment]()
        if args.subject is not None:
            moments = await backend.care.list_moments(args.subject, answer.start, answer.end)
    if out.json:
        line = answer.model_dump(exclude_none=True)
        if args.subject is not None:
            line["moments"] = [each.model_dump() for each in moments]
        out.line(line)
        return exit_codes.DONE
    print_answer(answer, out, moments)
    if ago is not None and answer.curves and not any(each.compared for each in answer.curves):
        out.note("No curve has enough points both before and after that moment to compare.")
    if args.related is not None and answer.curves and not answer.related:
        out.note("None of the other curves moved like the first one.")
    _hint_more(answer, out)
    return exit_codes.DONE


def _read_compare(text: str | None, since: str | None, seconds: float | None) -> float | None:
    """How long ago the moment is before and after which curves are compared."""
    if not text:
        return None
    ago = parse_duration("--compare", text).total_seconds()
    if seconds is not None and not 0 < ago < seconds:
        raise UsageError(
            f"--compare must be within --since: after {since} ago, and before now.",
            "Pass a longer --since or a shorter --compare: `--since 1h --compare 20m` compares the "
            "first 40 minutes with the last 20.",
        )
    return ago


def print_answer(
    answer: QueryAnswer, out: Out, moments: Sequence[Moment] = (), indent: str = ""
) -> None:
    """Print what was answered, without a hint at what was left out."""
    if not answer.curves and not answer.lines:
        when = "at this moment" if answer.start is None else "in this time"
        out.note(f"The query matches nothing {when}.")
    for line in answer.lines:
        out.raw(f"{indent}{_format_time(line.at)}  {clean_line(line.text)}")
    if answer.curves and answer.start is None:
        rows = [(f"{indent}{clean_line(each.name)}", _show(each.last)) for each in answer.curves]
        print_table(out, (f"{indent}SERIES", "VALUE"), rows)
    elif answer.curves:
        for curve in answer.curves:
            for row in _draw_curve(curve, moments):
                out.raw(f"{indent}{row}".rstrip())
    _print_moments(moments, out)
    _print_related(answer, out)


def _hint_more(answer: QueryAnswer, out: Out) -> None:
    if answer.more and answer.lines:  # nobody knows how many
        out.note(f"There are more lines. To see them: --limit {2 * len(answer.lines)}")
    elif answer.more:
        curves = len(answer.curves) + answer.more
        out.note(f"{count_of(answer.more, 'more curve')}. To see all: --limit {curves}")


def _print_moments(moments: Sequence[Moment], out: Out) -> None:
    for place, each in enumerate(moments):
        text = clean_line(" ".join(each.text.split()))[:MAX_TEXT]
        out.raw(f"{name_mark(place)}  {_format_time(each.at)}  {each.kind:<8} {text}")


def _print_related(answer: QueryAnswer, out: Out) -> None:
    rows = list[tuple[str, ...]]()
    for each in answer.related:
        name = f"increase of {each.name}" if each.is_rate else each.name
        moved = "" if each.at is None else f"{_show(each.before)} to {_show(each.after)}"
        at = "" if each.at is None else _format_time(each.at)
        rows.append((clean_line(name)[:MAX_TEXT], f"{each.correlation:+.2f}", at, moved))
    if rows:
        print_table(out, ("MOVED LIKE THE FIRST CURVE", "CORRELATION", "CHANGED", "LEVEL"), rows)


def _draw_curve(curve: Curve, moments: Sequence[Moment]) -> Iterator[str]:
    yield clean_line(curve.name)
    points = [Point(at, NAN if value is None else value) for at, value in curve.points]
    for row in draw_plot(points, marks=[each.at for each in moments]):
        yield f"  {row}"
    yield (
        f"  last {_show(curve.last)}  least {_show(curve.least)}  most {_show(curve.most)}  "
        f"median {_show(curve.median)}  p95 {_show(curve.p95)}"
    )
    if (compared := curve.compared) is not None:
        yield (
            f"  before {format_value(compared.before)}  after {format_value(compared.after)}  "
            f"{compared.strength:+.1f} standard errors"
        )
    for change in curve.changes:
        yield (
            f"  {_format_time(change.at)}: from {format_value(change.before)} "
            f"to {format_value(change.after)}"
        )
    if (trend := curve.trend) is not None:
        yield f"  steadily from {format_value(trend.first)} to {format_value(trend.last)}"
    if (spike := curve.spike) is not None:
        yield (
            f"  {_format_time(spike.at)}: {format_value(spike.value)}, "
            f"otherwise about {format_value(spike.usual)}"
        )
    yield ""


def _show(value: float | None) -> str:
    return "no data" if value is None else format_value(value)


def _format_time(at: float) -> str:
    return strftime("%Y-%m-%d %H:%M:%S", localtime(at))
