"""Apply a steering command to runs, and report the result of each."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from harness.cli.context import open_backend
from harness.cli.out import Out, name_subject
from harness.cli.parser import UsageError
from harness.cli.runs.idle import why_idle
from harness.contracts.errors import HarnessError, NoWorker
from harness.runs.filter import OPEN, RunFilter
from harness.terminal import exit_codes
from harness.terminal.backend import Backend, BackendRun
from harness.terminal.input.keyboard import at_terminal
from harness.terminal.view.text import count_of

AT_ONCE = 16
SHOWN = 10

Act = Callable[[BackendRun], Awaitable[dict[str, Any] | None]]

Done = str | Callable[[dict[str, Any]], str]
"""The report in the past tense, or a function that makes it from what `act` returned."""


async def steer_runs(
    args: Namespace,
    out: Out,
    runs: list[str],
    done: Done,
    act: Act,
) -> int:
    """Apply `act` to each run named or found, and report it with `done`. With many runs, answers
    can be late: runs that no worker answered are retried as long as others answer, so `act` must
    be idempotent."""
    if bool(runs) == bool(args.query):
        raise UsageError(
            "Name runs or pass --query, not both." if runs else "No run is named.",
            f"See `harness {args.command} --help`, and `harness list` for ids.",
        )
    async with open_backend(args, out, index=bool(args.query), store=False) as backend:
        found = runs or await _find_runs(backend, args, out)
        if not found:
            out.note("No open run matches.")
            return exit_codes.DONE
        failed = await apply_to_runs(list(dict.fromkeys(found)), backend.get_run, out, done, act)
        if len(found) == 1 and not failed and not out.json:
            await _note_if_idle(backend, found[0], out)
    return exit_codes.FAILED if failed else exit_codes.DONE


async def apply_to_runs(
    runs: list[str],
    handle: Callable[[str], BackendRun],
    out: Out,
    done: Done,
    act: Act,
) -> bool:
    """Whether any run failed; each is reported once, when its outcome is known."""
    gate = asyncio.Semaphore(AT_ONCE)
    failed = False

    async def apply_to_one(run: str) -> HarnessError | None:
        """Apply `act`; return the error if no worker answered."""
        nonlocal failed
        async with gate:
            try:
                more = await act(handle(run))
            except NoWorker as error:
                return error
            except HarnessError as error:
                failed = True
                _report_failed(run, error, out)
                return None
        if out.json:
            out.line({"run": run, "ok": True, **(more or {})})
        else:
            out.raw(f"{run}: {done if isinstance(done, str) else done(more or {})}")
        return None

    while True:
        errors = await asyncio.gather(*(apply_to_one(run) for run in runs))
        late = [(run, error) for run, error in zip(runs, errors, strict=True) if error]
        if not late or len(late) == len(runs):
            break
        runs = [run for run, _ in late]
    for run, error in late:
        _report_failed(run, error, out)
    return failed or bool(late)


def _report_failed(run: str, error: HarnessError, out: Out) -> None:
    info = error.info.model_dump(exclude_none=True)
    if out.json:
        out.line({"run": run, "error": info})
    else:
        out.error({**info, "message": name_subject(run, error.message)})


async def _find_runs(backend: Backend, args: Namespace, out: Out) -> list[str]:
    found = [row.id for row in await backend.list_runs(RunFilter(), f"({args.query}) AND {OPEN}")]
    if not found or args.yes or out.json:
        return found
    what = count_of(len(found), "run")
    if not at_terminal():
        raise UsageError(f"This affects {what}.", "Pass --yes to confirm.")
    return found if await ask_confirmation(found, f"{args.command} {what}?", out, SHOWN) else []


async def ask_confirmation(runs: Sequence[str], question: str, out: Out, shown: int) -> bool:
    """Whether the person at the terminal confirms this for these runs."""
    for id in runs[:shown]:
        out.raw(f"  {id}")
    if len(runs) > shown:
        out.raw(f"  … and {len(runs) - shown:,} more")
    sys.stdout.write(f"{question} [y/N] ")
    sys.stdout.flush()
    typed = await asyncio.to_thread(sys.stdin.readline)
    return typed.strip().lower() in ("y", "yes")


async def _note_if_idle(backend: Backend, run: str, out: Out) -> None:
    why = await why_idle(
        backend.get_run(run), "No worker is serving it now; this takes effect when one does."
    )
    if why:
        out.note(why)
