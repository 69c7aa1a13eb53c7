"""`harness care silence`: invariants that open no tickets for a time."""

from __future__ import annotations

import time
from argparse import Namespace

from harness.care.views import SilenceBody, SilenceView
from harness.cli.access.shown import print_table
from harness.cli.care.body import make_body
from harness.cli.context import open_backend
from harness.cli.history.time_filter import parse_duration
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line
from harness.terminal import exit_codes

HOW_LONG = "1h"
HEADS = ("SILENCE", "SUBJECT", "INVARIANT", "UNTIL", "BY", "REASON")


async def run_silence(args: Namespace, out: Out) -> int:
    if args.subject is None or args.end is not None:
        _refuse_options(args)
    elif _read_seconds(args) and not args.reason:
        raise UsageError("A silence needs a reason.", "Pass --reason TEXT.")
    async with open_backend(args, out) as backend:
        if args.end is not None:
            found = [await backend.care.end_silence(args.end)]
        elif args.subject is not None:
            found = [await backend.care.add_silence(_read_body(args))]
        else:
            found = await backend.care.list_silences()
    if out.json:
        for each in found:
            out.line(each.model_dump(exclude_none=True))
    elif args.end is not None:
        out.raw(f"Ended {args.end}.")
    elif found:
        print_table(out, HEADS, [_cells(each) for each in found])
    else:
        out.note("Nothing is silenced.")
    return exit_codes.DONE


def _refuse_options(args: Namespace) -> None:
    """Refuse what belongs to a new silence, where none is made."""
    new = {"--for": args.duration, "--reason": args.reason}
    if args.end is not None:
        new["SUBJECT"] = args.subject
    if given := next((name for name, value in new.items() if value is not None), None):
        if args.end is not None:
            raise UsageError(f"--end takes no {given}.", "Pass the ID of the silence alone.")
        raise UsageError(f"{given} goes with a SUBJECT.", "Name the subject to silence.")


def _read_body(args: Namespace) -> SilenceBody:
    fields = {
        "subject": args.subject, "invariant": args.invariant, "seconds": _read_seconds(args),
        "reason": args.reason,
    }  # fmt: skip
    return make_body(SilenceBody, fields, "care silence", {"seconds": "--for"})


def _read_seconds(args: Namespace) -> float:
    return parse_duration("--for", args.duration or HOW_LONG).total_seconds()


def _cells(each: SilenceView) -> tuple[str, ...]:
    until = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.until))
    invariant = each.invariant or "all"
    return each.id, each.subject, invariant, until, clean_line(each.by), clean_line(each.reason)
