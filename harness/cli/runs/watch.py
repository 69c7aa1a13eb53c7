"""`harness watch`: follow a run, served elsewhere or not at all."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from typing import Any

from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.cli.runs.attach import attend_run, leave_run
from harness.cli.runs.idle import why_idle
from harness.contracts.event import RunEnded, RunStarted
from harness.terminal.backend import BackendRun
from harness.terminal.input.interrupts import count_interrupts


async def watch_run(args: Namespace, out: Out) -> int:
    async with open_backend(args, out, store=False) as backend:
        handle = backend.get_run(args.run)
        events = await handle.trace()  # a wrong id shows here
        over = bool(events) and isinstance(events[-1], RunEnded)
        serve = _worker_command(events)
        quiet = out.json or over
        telling = None if quiet else asyncio.create_task(_note_if_unserved(handle, out, serve))
        with count_interrupts() as counted:
            # Without a person to ask, waiting for a decision would never end.
            attended = await attend_run(handle, out, counted, leave=True)
        if telling:
            telling.cancel()
        return await leave_run(handle, attended, out, serve)


async def _note_if_unserved(handle: BackendRun, out: Out, serve: str) -> None:
    why = await why_idle(handle, f"No worker is serving this run. To continue it:  {serve}")
    if why:
        out.note(why)


def _worker_command(events: list[Any]) -> str:
    """The command that serves the run; only its author knows the file of the agent."""
    agent = next((each.agent for each in events if isinstance(each, RunStarted)), "")
    return "harness worker" if agent == "assistant" else f"harness worker FILE:NAME  (of {agent})"
