"""`harness eval`: run an evaluation, show its progress and report it."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from harness.cli.context import open_client
from harness.cli.evals.prepare import Prepared, make_plan, prepare
from harness.cli.evals.reports import check_files, print_report
from harness.cli.evals.serve import serve_code
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.errors import EvalInvalid
from harness.evals import client
from harness.evals.rows import EvalRow
from harness.sdk.client import HarnessClient
from harness.sdk.local import host_agents
from harness.terminal import exit_codes
from harness.terminal.input.interrupts import count_interrupts

LOOK_S = 0.5
"""How often progress is read."""


async def run_eval(args: Namespace, out: Out) -> int:
    if args.file is None and args.resume is None:
        raise UsageError("No file is named.", "For example: harness eval examples/evaluate.toml")
    if args.resume and (args.on_runs or args.model or args.repeats or args.limit):
        raise UsageError(
            "--resume goes on with what was started.", "Leave out --on-runs and other changes."
        )
    check_files(args)
    prepared = prepare(args) if args.file else None
    async with open_client(out, index=True) as opened:
        if args.detach and prepared is not None and (prepared.functions or prepared.copies):
            raise EvalInvalid(
                "Checks in Python and copies of a workspace need this process.",
                fix="Leave out --detach.",
            )
        async with _serving(opened, prepared, args) as id:
            await client.start_eval(opened.connection, id)
            if args.detach:
                out.line({"id": id}) if out.json else out.raw(id)
                return exit_codes.DONE
            out.note(
                f"{id}: Ctrl-C detaches; to go on: harness eval {args.file or ''} --resume {id}"
            )
            ended = await _watch(opened, id, out)
        if ended is None:
            return exit_codes.INTERRUPTED
        report = await print_report(opened.connection, id, args, out)
    failed = bool(report.faults) and args.gate == "enforce"
    return exit_codes.FAILED if failed else exit_codes.DONE


@asynccontextmanager
async def _serving(
    opened: HarnessClient, prepared: Prepared | None, args: Namespace
) -> AsyncGenerator[str]:
    """The id of the evaluation, while this process serves its agents and functions."""
    connection = opened.connection
    if args.detach or prepared is None:
        yield args.resume or await make_plan(connection, _need(prepared), args)
        return
    async with host_agents(connection, capabilities_after=0) as hosting:
        if prepared.copies is not None:
            hosting.allow_workspace(prepared.copies.folder)
        for agent in prepared.own_agents:
            await hosting.serve(agent)
        id = args.resume or await make_plan(connection, prepared, args)
        async with serve_code(connection, id, prepared.functions, prepared.copies):
            yield id


def _need(prepared: Prepared | None) -> Prepared:
    assert prepared is not None  # without a file, an evaluation is resumed
    return prepared


async def _watch(opened: HarnessClient, id: str, out: Out) -> EvalRow | None:
    """Show progress until the evaluation ends; None after Ctrl-C."""
    with count_interrupts() as counted:
        stop = asyncio.ensure_future(counted.wait_for_count(1))
        following = asyncio.ensure_future(_follow(opened, id, out))
        try:
            await asyncio.wait({stop, following}, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                return following.result()
            out.note(f"\nDetached. To stop it: harness evals stop {id}")
            return None
        finally:
            stop.cancel()
            following.cancel()
            await asyncio.wait({stop, following})


async def _follow(opened: HarnessClient, id: str, out: Out) -> EvalRow:
    from harness.terminal.view.evals import progress_line

    shown = -1
    while True:
        row = await client.find_eval(opened.connection, id)
        if row.done != shown:
            shown = row.done
            out.note(progress_line(row))
        if row.state != "running":
            return row
        await asyncio.sleep(LOOK_S)
