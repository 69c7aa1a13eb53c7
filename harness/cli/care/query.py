"""`harness care query`: metrics and logs in the terminal."""

from __future__ import annotations

from argparse import Namespace
from time import localtime, strftime

from harness.care.telemetry.plot import draw_plot, format_value
from harness.care.telemetry.series import Point
from harness.care.views import Curve, QueryAnswer, QueryBody
from harness.cli.access.shown import print_table
from harness.cli.care.body import make_body
from harness.cli.context import open_backend
from harness.cli.history.time_filter import parse_duration
from harness.cli.out import Out
from harness.contracts.clean_text import clean_line
from harness.terminal import exit_codes

CURVES, LINES = 5, 100
NAN = float("nan")


async def run_query(args: Namespace, out: Out) -> int:
    fields = {
        "query": args.query,
        "source": "logs" if args.logs else "metrics",
        "seconds": parse_duration("--since", args.since).total_seconds() if args.since else None,
        "limit": args.limit if args.limit is not None else LINES if args.logs else CURVES,
    }
    body = make_body(QueryBody, fields, "care query")
    async with open_backend(args, out) as backend:
        answer = await backend.care.query(body)
    if out.json:
        out.line(answer.model_dump(exclude_none=True))
        return exit_codes.DONE
    print_answer(answer, out)
    return exit_codes.DONE


def print_answer(answer: QueryAnswer, out: Out) -> None:
    if not answer.curves and not answer.lines:
        out.note("The query matches nothing in this time.")
    for line in answer.lines:
        out.raw(f"{_format_time(line.at)}  {clean_line(line.text)}")
    if answer.curves and answer.start is None:
        rows = [(clean_line(each.name), _show(each.last)) for each in answer.curves]
        print_table(out, ("SERIES", "VALUE"), rows)
    elif answer.curves:
        for curve in answer.curves:
            _print_curve(curve, out)
    if answer.more:
        out.note(f"{answer.more} more. To see them: --limit {answer.more + CURVES}")


def _print_curve(curve: Curve, out: Out) -> None:
    out.raw(clean_line(curve.name))
    points = [Point(at, NAN if value is None else value) for at, value in curve.points]
    for row in draw_plot(points):
        out.raw(f"  {row}")
    out.raw(
        f"  last {_show(curve.last)}  least {_show(curve.least)}  most {_show(curve.most)}  "
        f"median {_show(curve.median)}  p95 {_show(curve.p95)}"
    )
    for change in curve.changes:
        out.raw(
            f"  {_format_time(change.at)}: from {format_value(change.before)} "
            f"to {format_value(change.after)}"
        )
    out.raw("")


def _show(value: float | None) -> str:
    return "no data" if value is None else format_value(value)


def _format_time(at: float) -> str:
    return strftime("%Y-%m-%d %H:%M:%S", localtime(at))
