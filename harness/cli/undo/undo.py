"""`harness undo`: undo the effects of a run."""

from __future__ import annotations

from argparse import Namespace
from contextlib import AsyncExitStack, suppress
from typing import Any

from harness.agent import Agent
from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.cli.runs.agents import load_agent
from harness.cli.server_choice import refuse_remote
from harness.cli.stack_backend import StackBackend
from harness.cli.values import check_turn
from harness.contracts.effect import UndoReport
from harness.contracts.errors import HarnessError
from harness.terminal import exit_codes
from harness.terminal.backend import Backend, BackendRun
from harness.terminal.view.text import count_of
from harness.undo.client import check_undo, is_left

ASSISTANT = "assistant"


async def undo_run(args: Namespace, out: Out) -> int:
    check_turn("--to", args.to)
    refuse_remote(args, "agent")
    agent = load_agent(args.agent) if args.agent else None
    async with AsyncExitStack() as stack:
        backend = await stack.enter_async_context(open_backend(args, out))
        run = backend.get_run(args.run)
        rows = await run.effects()
        check_undo(args.run, rows, args.to, args.past)
        below = {row.run for row in rows}
        if left := [row for row in rows if is_left(row, args.to, args.run, below)]:
            hosted = await _serve_here(stack, backend, left[-1].agent, agent)
            if not hosted and not args.dry_run:  # a dry run does not wait
                await _note_wait(run, left[-1].agent, out)
        report = await run.undo(args.to, dry_run=args.dry_run, past=args.past)
    if out.json:
        out.line(report.model_dump(mode="json", exclude_none=True))
    else:
        _print_report(report, out)
    return (
        exit_codes.FAILED
        if any(step.state == "stopped" for step in report.steps)
        else exit_codes.DONE
    )


async def _serve_here(
    stack: AsyncExitStack, backend: Backend, name: str, agent: Agent[Any, Any] | None
) -> bool:
    """Serve the agent from this process if it is known; returns whether it is."""
    if not isinstance(backend, StackBackend) or (agent is None and name != ASSISTANT):
        return False
    from harness.sdk.local import host_agents

    harness = await stack.enter_async_context(host_agents(backend.client.connection))
    await harness.serve(agent or load_agent(None))
    return True


async def _note_wait(run: BackendRun, name: str, out: Out) -> None:
    """Say that a worker must serve the agent, unless one does."""
    with suppress(HarnessError):
        if await run.is_served():
            return
    out.note(
        f"Waiting for a worker that serves {name}: start harness worker FILE:NAME, or serve it "
        "here with --agent FILE:NAME."
    )


def _print_report(report: UndoReport, out: Out) -> None:
    if not report.steps:
        out.note("There is nothing to undo.")
    for step in report.steps:
        out.raw(str(step))
    stopped = report.stopped
    if stopped and stopped.obstacle:
        out.note(f"\n{stopped.obstacle.fix}")
        to = "" if report.to_turn is None else f" --to {report.to_turn}"
        passed = [step.call for step in report.steps if step.state == "passed"]
        past = "".join(f" --past {call}" for call in [*passed, stopped.call])
        out.note(f"To leave it as it is and continue:  harness undo {report.run}{to}{past}")
    elif report.dry_run and report.steps:
        count = sum(step.state == "would_undo" for step in report.steps)
        out.note(f"\nThis would undo {count_of(count, 'effect')}.{_describe_unknown(report)}")


def _describe_unknown(report: UndoReport) -> str:
    unknown = [step for step in report.steps if step.state == "would_undo" and step.changed is None]
    if not unknown:
        return " No target has changed since."
    return f" Whether the target has changed since is not known of {len(unknown)} of them."
