"""Write the reports of an evaluation."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from harness.cli.named_file import check_new, write_named
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.engine.connection import Connection
from harness.evals import client
from harness.evals.report import EvalReport

FILES = ("junit", "html", "inspect")


def check_files(args: Namespace) -> None:
    """Refuse files that exist before anything starts."""
    for option in FILES:
        if name := getattr(args, option):
            check_new(Path(name), force=args.force)
    if args.inspect and not args.inspect.endswith(".json"):
        raise UsageError(
            f"--inspect {args.inspect} does not end in .json.",
            "inspect_ai takes the format from the name: `inspect log convert` makes an .eval file.",
        )


async def print_report(connection: Connection, id: str, args: Namespace, out: Out) -> EvalReport:
    """Report an evaluation on stdout and in the files that were named."""
    report = await client.report_eval(connection, id, baseline=args.baseline)
    if out.json:
        out.line(json.loads(report.model_dump_json(exclude_none=True)) | {
            "faults": list(report.faults)
        })  # fmt: skip
    else:
        from harness.terminal.view.evals import show_eval

        show_eval(out.console, report)
    if args.html:
        from harness.terminal.page.eval_page import eval_page_html

        _write(args.html, eval_page_html(report), args, out)
    if args.junit:
        from harness.evals.junit import write_junit

        _write(args.junit, write_junit(*await client.read_results(connection, id)), args, out)
    if args.inspect:
        await _write_inspect(connection, report, args, out)
    return report


async def _write_inspect(
    connection: Connection, report: EvalReport, args: Namespace, out: Out
) -> None:
    from harness.evals.inspect_log import write_inspect_log

    plan, results = await client.read_results(connection, report.eval)
    cases = {case.id: case for case in await client.list_cases(connection, report.eval)}
    file = Path(args.inspect)
    for cell in range(len(plan.cells)):  # a log has one model
        name = file if cell == 0 else file.with_stem(f"{file.stem}-{cell + 1}")
        _write(name, write_inspect_log(report, plan, cell, results, cases), args, out)


def _write(file: str | Path, text: str, args: Namespace, out: Out) -> None:
    write_named(Path(file), text, force=args.force)
    out.note(f"{file}: {len(text.encode()):,} bytes")
