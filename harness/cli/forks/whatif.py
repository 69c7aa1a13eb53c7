"""`harness whatif`: fork past runs with a change and compare; no tool runs."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.agent import Agent
from harness.cli.context import open_backend
from harness.cli.forks.fork import parse_change
from harness.cli.history.run_sources import is_file
from harness.cli.history.time_filter import read_since
from harness.cli.named_file import check_new, write_named
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.runs.agents import load_agent
from harness.cli.runs.targets import SHOWN, ask_confirmation
from harness.cli.server_choice import refuse_remote
from harness.contracts.errors import NotRemote
from harness.contracts.whatif import ForkOutcome, SourceOutcome, WhatIfReport
from harness.forks.playback import Read
from harness.forks.whatif import Progress, Question
from harness.history.export import read_file
from harness.history.recording import Recording, read_history
from harness.runs.listing import RunRow
from harness.sdk.client import HarnessClient
from harness.terminal import exit_codes
from harness.terminal.backend import Backend
from harness.terminal.input.interrupts import count_interrupts
from harness.terminal.input.keyboard import at_terminal
from harness.terminal.view.text import count_of, format_money

ENDED = "ExecutionStatus != 'Running'"


async def ask_whatif(args: Namespace, out: Out) -> int:
    found = bool(args.query or args.since)
    if bool(args.runs) == found:
        raise UsageError(
            "Name runs and files, or pass --query and --since, not both."
            if found
            else "No run is named.",
            "For example: harness whatif RUN --at 2 --hint 'be brief'",
        )
    if args.html:
        check_new(Path(args.html), force=args.force)
    read_since(args.since)  # refused before anything starts
    change = parse_change(args)
    question = Question(at=args.at, change=change, n=args.n, live_reads=args.live_reads)
    refuse_remote(args, "agent")
    agent = load_agent(args.agent) if args.agent else None
    files = [name for name in args.runs if is_file(name)]
    if args.server is not None and files:
        raise NotRemote(f"{files[0]} is a file, which is forked on a stack alone.")
    from harness.cli.stack_backend import StackBackend

    async with open_backend(args, out, index=True) as backend:
        question.check_size(len(args.runs))
        runs = list(dict.fromkeys(args.runs)) or await _find_runs(backend, args, question, out)
        if runs is None:
            return exit_codes.DONE
        if not runs:
            out.note("No ended run matches.")
            return exit_codes.DONE
        progress = _make_progress(out, len(runs) * args.n)
        if isinstance(backend, StackBackend):
            asking = _ask_here(backend.client, runs, question, agent, progress)
        else:
            asking = backend.ask_whatif(runs, question, progress)
        report = await _wait_or_abort(asyncio.ensure_future(asking), out)
    if report is None:
        return exit_codes.INTERRUPTED
    _print_report(report, Path(args.html) if args.html else None, out, force=args.force)
    return exit_codes.DONE if report.complete else exit_codes.FAILED


async def _ask_here(
    client: HarnessClient,
    runs: list[str],
    question: Question,
    agent: Agent[Any, Any] | None,
    progress: Progress,
) -> WhatIfReport:
    from harness.sdk.local import host_agents

    async with host_agents(client.connection) as harness:
        if agent is None:  # serve runs of the built-in assistant
            await harness.serve(load_agent(None))
        return await harness.whatif(
            runs, question.at, question.change, n=question.n, live_reads=question.live_reads,
            agent=agent, read=_make_reader(client), progress=progress,
        )  # fmt: skip


async def _find_runs(
    backend: Backend, args: Namespace, question: Question, out: Out
) -> list[str] | None:
    """Ended runs, except what-if forks; None if the person declines."""
    query = f"({args.query}) AND {ENDED}" if args.query else None
    rows: dict[str, RunRow] = {}
    for row in await backend.list_runs(read_since(args.since), query):
        if row.ended is None or row.id in rows:
            continue
        if row.fork_of is None or not await backend.is_whatif(row.id):
            rows[row.id] = row
            question.check_size(len(rows))
    if not rows:
        return []
    estimate = estimate_cost(list(rows.values()), question.n)
    if args.yes:
        out.note(estimate)
    elif out.json or not at_terminal():
        raise UsageError(estimate, "Pass --yes to confirm.")
    elif not await ask_confirmation(list(rows), f"{estimate}\nStart?", out, SHOWN):
        return None
    return list(rows)


def estimate_cost(rows: Sequence[RunRow], n: int) -> str:
    """An estimate of what the forks will cost, from the cost of the runs."""
    forks = len(rows) * n
    tokens = sum(row.tokens or 0 for row in rows) * n
    costs = [row.cost_micros for row in rows if row.cost_micros is not None]
    cost = format_money(sum(costs) * n if costs else None)
    return (
        f"Starts {count_of(forks, 'fork')} of {count_of(len(rows), 'run')}, "
        "at least one model call each. "
        f"Estimate based on those runs: {tokens:,} tokens, {cost}."
    )


def _make_reader(client: HarnessClient) -> Read:
    async def read(name: str) -> Recording:
        if is_file(name):
            return read_file(Path(name))
        return await read_history(client.connection, name)

    return read


async def _wait_or_abort(asking: asyncio.Future[WhatIfReport], out: Out) -> WhatIfReport | None:
    """The report; None after Ctrl-C, once the started forks are aborted."""
    with count_interrupts() as counted:
        stop = asyncio.ensure_future(counted.wait_for_count(1))
        try:
            await asyncio.wait({asking, stop}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
            out.note("\nAborting the forks. They stay in `harness list`.")
            asking.cancel()
            await asyncio.wait({asking})
            return None
        finally:
            stop.cancel()
            asking.cancel()
            await asyncio.wait({asking, stop})


def _make_progress(out: Out, whole: int) -> Progress:
    done = 0

    def report_fork(_source: SourceOutcome, fork: ForkOutcome | None) -> None:
        nonlocal done
        if fork is None:
            return  # the report has its error
        from harness.terminal.view.whatif import progress_line

        done += 1
        out.note(f"{done:>{len(str(whole))}} of {whole}  {progress_line(fork)}")

    return report_fork


def _print_report(report: WhatIfReport, html: Path | None, out: Out, *, force: bool) -> None:
    from harness.journal.whatif import summary

    if out.json:
        for source in report.sources:
            for fork in source.forks:
                data = fork.model_dump(mode="json", exclude_none=True)
                out.line({"source": source.source, **data})
        out.line({"summary": summary(report)})
    else:
        from harness.terminal.view.whatif import show_whatif

        show_whatif(out.console, report)
    if html is not None:
        size = _write_page(html, report, force=force)
        out.note(f"\n{html}: {count_of(size, 'byte')}")


def _write_page(html: Path, report: WhatIfReport, *, force: bool) -> int:
    from harness.terminal.page.whatif_page import whatif_page_html
    from harness.version import __version__

    text = whatif_page_html(report, __version__)
    write_named(html, text, force=force)
    return len(text.encode())
