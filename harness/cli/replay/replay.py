"""`harness replay`: replay recorded runs on the current code."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from harness.cli.context import open_backend
from harness.cli.history.run_sources import is_file
from harness.cli.history.time_filter import read_since
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.history.export import read_file
from harness.history.recording import Recording
from harness.replay.check import Outcome
from harness.replay.check import replay_recordings as replay_all
from harness.terminal import exit_codes
from harness.terminal.view.text import clean_shown, count_of


async def replay_runs(args: Namespace, out: Out) -> int:
    found = bool(args.query or args.since)
    if bool(args.runs) == found:
        raise UsageError(
            "Name runs and files, or pass --query and --since, not both."
            if found
            else "No run is named.",
            "For example: harness replay --since 7d",
        )
    read_since(args.since)  # refused before anything is opened
    recordings = _find_recordings(args, out) if found else _read_named(args, out)
    ok = bad = 0
    # Closed here, innermost first, also when the reader of the output has left.
    async with aclosing(recordings), aclosing(replay_all(recordings)) as outcomes:
        async for outcome in outcomes:
            _print_outcome(outcome, out)
            ok, bad = ok + outcome.ok, bad + (not outcome.ok)
    if not out.json:
        what = f"{count_of(ok + bad, 'execution')} replayed"
        out.note(f"{what}, {bad} of them differ." if bad else f"{what}, all the same.")
    return exit_codes.FAILED if bad else exit_codes.DONE


async def _read_named(args: Namespace, out: Out) -> AsyncGenerator[Recording]:
    named = dict.fromkeys(args.runs)
    if all(is_file(name) for name in named):  # files alone need no Temporal
        for name in named:
            yield read_file(Path(name))
        return
    async with open_backend(args, out) as backend:
        for name in named:
            file = is_file(name)
            yield read_file(Path(name)) if file else await backend.read_recording(name)


async def _find_recordings(args: Namespace, out: Out) -> AsyncGenerator[Recording]:
    async with open_backend(args, out, index=True) as backend:
        rows = await backend.list_runs(read_since(args.since), args.query)
        for id in dict.fromkeys(row.id for row in rows):  # after a reset there are two rows
            yield await backend.read_recording(id)


def _print_outcome(outcome: Outcome, out: Out) -> None:
    if out.json:
        out.line(_outcome_facts(outcome))
        return
    if outcome.ok:
        out.console.print("same     ", style="good", end="")
        out.console.print(f"{outcome.run}  ", end="", soft_wrap=True)
        out.console.print(count_of(outcome.steps, "step"), style="quiet")
        return
    out.console.print("differs  ", style="bad", end="")
    out.console.print(f"{outcome.run} ({outcome.run_id})", soft_wrap=True)
    for line in clean_shown(outcome.text).splitlines():
        style = "bad" if line.startswith("-") else "good" if line.startswith("+") else ""
        out.console.print(f"  {line}", style=style, soft_wrap=True)


def _outcome_facts(outcome: Outcome) -> dict[str, Any]:
    data: dict[str, Any] = {
        "run": outcome.run,
        "run_id": outcome.run_id,
        "ok": outcome.ok,
        "steps": outcome.steps,
    }
    if (difference := outcome.difference) is not None:
        data["entry"] = difference.entry
        for side in ("recorded", "today"):
            step = getattr(difference, side)
            data[side] = {"kind": step.lane, **step.content} if step else None
    if outcome.failure:
        data["failure"] = outcome.failure
    return data
