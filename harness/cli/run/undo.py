"""`harness undo`: take back what a run did to the world."""

from __future__ import annotations

from argparse import Namespace
from contextlib import AsyncExitStack
from typing import Any

from harness.cli.context import opened
from harness.cli.out import Out
from harness.cli.run.agents import load_agent
from harness.contracts.effect import StepState, UndoReport
from harness.sdk.handle import RunHandle
from harness.terminal import exit_codes
from harness.terminal.view.text import count

ASSISTANT = "assistant"
WORDS: dict[StepState, str] = {
    "undone": "undone", "would_undo": "would be undone", "passed": "left as it is",
    "stopped": "cannot be undone",
}  # fmt: skip


async def undo(args: Namespace, out: Out) -> int:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(opened(out))
        run: RunHandle[Any] = client.run(args.run)
        rows = await run.effects()
        if rows and (args.agent or rows[-1].agent == ASSISTANT):
            from harness.sdk.local import hosting

            harness = await stack.enter_async_context(hosting(client.connection))
            await harness.serve(load_agent(args.agent))
        elif rows:
            out.note(
                f"A worker of {rows[-1].agent} does it: harness worker FILE:NAME. Or serve it "
                "here: --agent FILE:NAME."
            )
        report = await run.undo(args.to, dry_run=args.dry_run, past=args.past)
    if out.json:
        out.line(report.model_dump(mode="json", exclude_none=True))
    else:
        _tell(report, out)
    return (
        exit_codes.FAILED
        if any(step.state == "stopped" for step in report.steps)
        else exit_codes.DONE
    )


def _tell(report: UndoReport, out: Out) -> None:
    if not report.steps:
        out.note("There is nothing to undo.")
    for step in report.steps:
        why = step.obstacle.message if step.obstacle else step.said
        out.raw(
            f"turn {step.turn}  {step.title}: {WORDS[step.state]}" + (f" ({why})" if why else "")
        )
    stopped = report.stopped
    if stopped and stopped.obstacle:
        out.note(f"\n{stopped.obstacle.fix}")
        out.note(
            f"To leave it as it is and go on:  harness undo {report.run} --past {stopped.call}"
        )
    elif report.dry_run and report.steps:
        out.note(f"\nThis would undo {count(len(report.steps), 'effect')}.")
