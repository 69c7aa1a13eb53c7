"""`harness care invariant` and `harness care status`: what must hold, and whether it does."""

from __future__ import annotations

import math
import time
from argparse import Namespace

from harness.care.telemetry.plot import draw_sparkline, format_value
from harness.care.views import CareStatus, InvariantBody, InvariantView
from harness.cli.access.shown import print_table
from harness.cli.care.body import make_body, read_seconds
from harness.cli.care.rules import import_rules
from harness.cli.care.subject import describe_states
from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.terminal import exit_codes

HEADS = ("SUBJECT", "INVARIANT", "STATE", "FOR", "VALUE", "MUST BE", "LAST VALUES")
OPTIONAL = ("source", "severity", "recover", "no_data", "summary")
TIMES = {"for_seconds": "--for", "keep_seconds": "--keep", "window_seconds": "--window"}


async def run_invariant(args: Namespace, out: Out) -> int:
    words: list[str] = args.words
    async with open_backend(args, out) as backend:
        if args.action == "import":
            return await import_rules(backend.care, args, words, out)
        if args.action == "add":
            found = [await backend.care.add_invariant(_read_body(args, words))]
        elif args.action == "remove":
            if len(words) != 2:
                raise UsageError("`harness care invariant remove` needs SUBJECT NAME.", "Add them.")
            found = [await backend.care.remove_invariant(words[0], words[1])]
            if not out.json:
                out.raw(f"Removed {words[1]} of {words[0]}.")
                return exit_codes.DONE
        else:
            if len(words) > 1:
                raise UsageError("`harness care invariant list` takes one SUBJECT.", "Omit others.")
            found = await backend.care.list_invariants(words[0] if words else None)
    print_invariants(found, out)
    return exit_codes.DONE


async def show_status(args: Namespace, out: Out) -> int:
    async with open_backend(args, out) as backend:
        status = await backend.care.read_status()
    if out.json:
        out.line(status.model_dump(exclude_none=True))
        return _judge(status)
    if not status.subjects:
        out.note("No subjects. To add one: harness care subject add FOLDER")
        return exit_codes.DONE
    rows = [(each.name, describe_states(each.states)) for each in status.subjects]
    print_table(out, ("SUBJECT", "INVARIANTS"), rows)
    if status.failing:
        out.raw("")
        print_invariants(status.failing, out)
    age = None if status.evaluated is None else f"{describe_age(status.evaluated)} ago"
    if status.overdue:
        last = f"the last evaluation was {age}" if age else "nothing was evaluated yet"
        out.raw(f"Evaluations are overdue: {last}. Is a worker running? `harness worker`")
    else:
        out.note(f"Evaluated {age}." if age else "Nothing was evaluated yet.")
    return _judge(status)


def _judge(status: CareStatus) -> int:
    """A check must not pass because nobody looks."""
    return exit_codes.FAILED if status.failing or status.overdue else exit_codes.DONE


def print_invariants(found: list[InvariantView], out: Out) -> None:
    if out.json:
        for each in found:
            out.line(each.model_dump(exclude_none=True))
        return
    if not found:
        out.note("No invariants.")
        return
    print_table(out, HEADS, [_cells(each) for each in found])
    for each in found:
        if each.state in ("unreachable", "invalid"):
            out.note(f"{each.name}: {clean_line(each.message)}")


def _cells(each: InvariantView) -> tuple[str, ...]:
    state = f"{each.state} (silenced)" if each.silenced else each.state
    values = [math.nan if value is None else value for _, value in each.samples]
    return (
        each.subject, each.name, state, "" if each.since is None else describe_age(each.since),
        "" if each.value is None else format_value(each.value),
        f"{each.operator} {each.threshold:g}", draw_sparkline(values),
    )  # fmt: skip


def _read_body(args: Namespace, words: list[str]) -> InvariantBody:
    if len(words) != 5:
        raise UsageError(
            "`harness care invariant add` needs SUBJECT NAME QUERY OPERATOR THRESHOLD.",
            "Quote the query and the operator: 'rate(http_errors_total[5m])' '<' 0.01",
        )
    subject, name, query, operator, threshold = words
    given = {key: getattr(args, key) for key in OPTIONAL if getattr(args, key) is not None}
    times = {
        key: read_seconds(option, text)
        for key, option in TIMES.items()
        if (text := getattr(args, key)) is not None
    }
    fields = {
        "name": name, "subject": subject, "query": query, "threshold": threshold,
        "operator": operator, **given, **times,
    }  # fmt: skip
    return make_body(InvariantBody, fields, "care invariant")


def describe_age(at: float) -> str:
    seconds = max(0, int(time.time() - at))
    for size, letter in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"
