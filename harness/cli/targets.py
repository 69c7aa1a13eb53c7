"""Which runs a steering command reaches, and what came of it for each."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from harness.cli.look import OPEN
from harness.cli.opened import opened
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.client.client import HarnessClient
from harness.client.handle import RunHandle
from harness.contracts.errors import HarnessError
from harness.terminal import door
from harness.terminal.keyboard import at_terminal
from harness.terminal.text import count

AT_ONCE = 32
SHOWN = 10

Act = Callable[[RunHandle[Any]], Awaitable[dict[str, Any] | None]]


async def reach(args: Namespace, out: Out, runs: list[str], done: str, act: Act) -> int:
    """Do `act` to each run that is named or found; `done` says it in the past tense."""
    if bool(runs) == bool(args.query):
        raise UsageError(
            "Name runs or a --query, not both." if runs else "Which run?",
            f"See `harness {args.command} --help`, and `harness list` for ids.",
        )
    async with opened(out, index=bool(args.query), store=False) as client:
        found = runs or await _find(client, args, out)
        if not found:
            out.note("No open run is like that.")
            return door.DONE
        gate = asyncio.Semaphore(AT_ONCE)
        failures = await asyncio.gather(
            *(_one(client.run(run), out, done, act, gate) for run in dict.fromkeys(found))
        )
        if len(found) == 1 and not any(failures) and not out.json:
            await _say_if_unserved(client, found[0], out)
    return door.FAILED if any(failures) else door.DONE


async def _one(run: RunHandle[Any], out: Out, done: str, act: Act, gate: asyncio.Semaphore) -> bool:
    """Whether it failed."""
    async with gate:
        try:
            more = await act(run)
        except HarnessError as error:
            info = error.info.model_dump(exclude_none=True)
            if out.json:
                out.line({"run": run.id, "error": info})
            else:
                out.error({**info, "message": f"{run.id}: {error.message}"})
            return True
    if out.json:
        out.line({"run": run.id, "ok": True, **(more or {})})
    else:
        out.raw(f"{run.id}: {done}")
    return False


async def _find(client: HarnessClient, args: Namespace, out: Out) -> list[str]:
    found = [row.id async for row in client.runs(f"({args.query}) AND {OPEN}")]
    if not found or args.yes or out.json:
        return found
    what = count(len(found), "run")
    if not at_terminal():
        raise UsageError(f"This reaches {what}.", "Add --yes to say that it shall.")
    return found if await confirmed(found, f"{args.command} {what}?", out, SHOWN) else []


async def confirmed(runs: Sequence[str], question: str, out: Out, shown: int) -> bool:
    """Whether the person at the terminal says yes to what these runs are about to meet."""
    for id in runs[:shown]:
        out.raw(f"  {id}")
    if len(runs) > shown:
        out.raw(f"  … and {len(runs) - shown:,} more")
    sys.stdout.write(f"{question} [y/N] ")
    sys.stdout.flush()
    typed = await asyncio.to_thread(sys.stdin.readline)
    return typed.strip().lower() in ("y", "yes")


async def _say_if_unserved(client: HarnessClient, run: str, out: Out) -> None:
    if not await client.run(run).is_served():
        out.note("No worker serves it now; it takes effect when one does.")
