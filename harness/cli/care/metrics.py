"""`harness care metrics`: find metrics."""

from __future__ import annotations

from argparse import Namespace

from harness.care.query_views import MetricList, MetricView
from harness.cli.access.shown import print_table
from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.terminal import exit_codes

HEADS = ("METRIC", "TYPE", "UNIT", "SERIES", "MEANING")
MOST, MAX_TEXT, MAX_SHOWN = 500, 200, 80


async def show_metrics(args: Namespace, out: Out) -> int:
    text = " ".join(args.words)
    if not text and args.subject is None:
        raise UsageError("Say what to look for.", "Add WORDs, or --subject SUBJECT.")
    if not 1 <= args.limit <= MOST or len(text) > MAX_TEXT:
        raise UsageError(
            f"--limit is 1 to {MOST}, and the words have at most {MAX_TEXT} characters.",
            "See `harness care metrics --help`.",
        )
    async with open_backend(args, out) as backend:
        found = await backend.care.find_metrics(text, args.subject, args.limit)
    if out.json:
        for each in found.metrics:
            out.line(each.model_dump(exclude_none=True))
    else:
        _print(found, out)
    return exit_codes.DONE


def _print(found: MetricList, out: Out) -> None:
    if not found.metrics:
        out.note("No metric fits.")
        return
    print_table(out, HEADS, [_cells(each) for each in found.metrics])
    for each in found.metrics:
        for label, values in each.labels.items():
            shown = ", ".join(map(clean_line, values))[: 2 * MAX_SHOWN]
            out.raw(f"  {clean_line(each.name)} {clean_line(label)}: {shown}")
    if found.more:
        out.note(f"{found.more} more. Add words, or --limit.")


def _cells(each: MetricView) -> tuple[str, ...]:
    series = "" if each.series is None else str(each.series)
    about = clean_line(" ".join(each.help.split()))[:MAX_SHOWN]
    return clean_line(each.name), clean_line(each.type), clean_line(each.unit), series, about
