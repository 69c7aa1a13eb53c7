"""`harness evals`: list, show and stop evaluations."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from harness.cli.access.shown import need_argument, print_table, refuse_argument, refuse_options
from harness.cli.context import open_client
from harness.cli.evals.reports import FILES, check_files, print_report
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.evals import client
from harness.terminal import exit_codes
from harness.terminal.view.text import format_money

HEADS = ("ID", "NAME", "STATE", "RUNS", "PASSED", "TOKENS", "COST")
MOST = 500


async def run_evals(args: Namespace, out: Out) -> int:
    if args.action == "list":
        refuse_argument(args, args.id)
    else:
        need_argument(args, args.id, "the id of an evaluation")
    if args.action != "show":
        refuse_options(args, "baseline", *FILES)
    if args.action != "list":
        refuse_options(args, "limit")
    if args.limit is not None and not 1 <= args.limit <= MOST:
        raise UsageError(f"--limit must be 1 to {MOST}.", "Use a number in that range.")
    check_files(args)
    async with open_client(out) as opened:
        connection = opened.connection
        match args.action:
            case "show":
                await print_report(connection, args.id, args, out)
            case "stop":
                found = await client.stop_eval(connection, args.id)
                text = "no more runs start" if found.state == "running" else found.state
                out.line({"id": found.id}) if out.json else out.raw(f"{found.id}: {text}")
            case _:
                rows = await client.list_evals(connection, limit=args.limit or 50)
                _print_rows(rows, out)
    return exit_codes.DONE


def _print_rows(rows: list[client.EvalRow], out: Out) -> None:
    if out.json:
        for row in rows:
            out.line({name: value for name, value in asdict(row).items() if value is not None})
    elif rows:
        cells = [
            (
                row.id, row.name, row.state, f"{row.done}/{row.items}",
                f"{row.passed / row.done:.1%}" if row.done else "-", f"{row.tokens:,}",
                format_money(row.cost_micros),
            )
            for row in rows
        ]  # fmt: skip
        print_table(out, HEADS, cells)
    else:
        out.note("There are no evaluations yet. To run one: harness eval FILE")
