"""`harness up`, `down` and `doctor`: the local Temporal and Postgres."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from dataclasses import asdict

from harness.capabilities.registry import enabled_capabilities
from harness.cli.archive.archive import seal_a_while
from harness.cli.care.checks import check_sources
from harness.cli.context import open_client, prepare_project
from harness.cli.out import Out
from harness.cli.patience import Patience
from harness.cli.runs.serve import watch_stop_signals
from harness.cli.stack import keys
from harness.cli.stack.sandbox import check_sandbox
from harness.cli.stack.schemas import check_schemas
from harness.stack import Check, Endpoints, diagnose, stop_stack
from harness.terminal import exit_codes

NAME = 18
"""The least width of the names of checks."""


async def start_stack(args: Namespace, out: Out) -> int:
    stop = watch_stop_signals()
    patience = Patience(out.note, stop)
    async with open_client(
        out, keep=args.detach, page=True, index=True, patience=patience
    ) as client:
        endpoints = client.connection.endpoints
        if out.json:
            out.line(_public_facts(endpoints))
        else:
            _print_endpoints(endpoints, out)
        sealing = asyncio.create_task(seal_a_while(client.connection))
        local = endpoints.local_temporal or endpoints.local_database
        if not local:
            out.note("Both are configured: nothing to start.")
        elif args.detach:
            out.note("They run until you stop them: harness down")
        else:
            out.note("They run until Ctrl-C, and as long as another command uses them.")
            await stop.wait()
        await sealing
    return exit_codes.DONE


async def stop_local_stack(args: Namespace, out: Out) -> int:  # noqa: ARG001 - all commands are called alike
    project, settings = prepare_project()
    state = project / settings.state_dir
    removed = not state.exists()
    stopped = await stop_stack(settings, project)
    if out.json:
        out.line({"stopped": stopped})
    elif stopped and removed:
        out.raw(f"Stopped. {state} was removed while the stack ran: its data is lost.")
    else:
        out.raw("Stopped." if stopped else f"No local stack is running for {project}.")
    return exit_codes.DONE


async def run_doctor(args: Namespace, out: Out) -> int:
    project, settings = prepare_project()
    if args.fix:
        async with open_client(out, index=True):
            out.note("Tables are up to date, search attributes are registered.")
    enabled = {each.name for each in enabled_capabilities()}
    checks = [
        *await diagnose(settings, project),
        *await check_schemas(settings, project),
        *await keys.check_encryption(settings, project),
        *(await check_sources(settings) if "care" in enabled else ()),
        await check_sandbox(),
    ]
    width = max(NAME, *(len(check.name) for check in checks)) + 2
    for check in checks:
        if out.json:
            out.line(asdict(check))
        else:
            _print_check(check, width, out)
    return exit_codes.DONE if all(check.ok for check in checks) else exit_codes.FAILED


def _public_facts(endpoints: Endpoints) -> dict[str, object]:
    return {key: value for key, value in asdict(endpoints).items() if key != "database_url"}


def _print_endpoints(endpoints: Endpoints, out: Out) -> None:
    for note in endpoints.notes:
        out.raw(note)
    out.raw(f"Temporal at {endpoints.temporal_address}, namespace {endpoints.namespace}")
    if endpoints.ui_url:
        out.raw(f"Page at {endpoints.ui_url}")


def _print_check(check: Check, width: int, out: Out) -> None:
    mark, style = (
        ("BAD", "bad") if not check.ok else ("note", "ask") if check.note else ("ok", "good")
    )
    out.console.print(f"{mark:<5}", style=style, end="")
    out.console.print(f"{check.name:<{width}}", end="", soft_wrap=True)
    out.console.print(check.detail, style="quiet" if check.ok else "", soft_wrap=True)
    if check.fix:
        out.console.print(f"     {'':<{width}}{check.fix}", style="ask", soft_wrap=True)
