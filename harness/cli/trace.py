"""`harness trace`: what happened in a run, from history alone."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import get_args

from rich.text import Text

from harness.cli.opened import opened
from harness.cli.out import Out
from harness.cli.parser import UsageError, nearest
from harness.cli.sources import is_file, reading
from harness.client.handle import RunHandle
from harness.commons.files import write_atomic
from harness.contracts.errors import ConfigError, RunError
from harness.contracts.event import LIVE, Cursor, DurableEvent, RunEnded, RunStarted
from harness.journal.steps import steps
from harness.terminal import door
from harness.terminal.text import clean, took
from harness.terminal.timeline import NAME, rows
from harness.terminal.trace import line, offset
from harness.version import __version__

KINDS = tuple(kind.model_fields["type"].default for kind in get_args(DurableEvent))


async def trace(args: Namespace, out: Out) -> int:
    kinds = frozenset(map(_kind, args.kind or ()))
    start = _start(args.start)
    if args.follow and (args.html or args.timeline):
        raise UsageError("--follow shows events as they come.", "Leave out --html and --timeline.")
    if args.follow:
        return await _shown(_followed(args.run, out), kinds, start, out)
    async with reading(out, [args.run]) as read:
        events = (await read(args.run)).events
    if not events:
        raise RunError("not_found", f"{args.run!r} is a workflow, but no run of an agent.")
    if args.html:
        return _page(events, Path(args.html), out)
    if args.timeline:
        return _timeline(events, out)
    return await _shown(_all(events), kinds, start, out)


async def _all(events: list[DurableEvent]) -> AsyncGenerator[DurableEvent]:
    for event in events:
        yield event


async def _followed(run: str, out: Out) -> AsyncGenerator[DurableEvent]:
    if is_file(run):
        raise UsageError(f"{run} is a file: it does not go on.", "Leave out --follow.")
    async with opened(out) as client:
        handle: RunHandle[object] = client.run(run)
        async for event in handle.events():
            if not isinstance(event, LIVE):
                yield event


async def _shown(
    events: AsyncGenerator[DurableEvent],
    kinds: frozenset[str],
    start: int | Cursor,
    out: Out,
) -> int:
    number, begun, shown = 0, None, isinstance(start, int)
    async with aclosing(events):
        async for event in events:
            number += 1
            begun = event.at if begun is None else begun
            shown = shown or event.cursor == start
            if not shown or (isinstance(start, int) and number < start):
                continue
            if not kinds or event.type in kinds:
                _tell(number, begun, event, out)
    if not shown:
        raise RunError(
            "no_turn", f"The run has no event with the cursor {start}.", fix="See --json for them."
        )
    return door.DONE


def _tell(number: int, begun: float, event: DurableEvent, out: Out) -> None:
    if out.json:
        out.raw(event.wire().decode())
        return
    told = line(event)
    turn = getattr(event, "turn", "")
    text = Text.assemble(
        (f"{number:>4} {offset(event.at - begun)} {turn!s:>3}  ", "quiet"),
        (f"{event.type.replace('_', ' '):<20} ", "quiet"),
        (told.what, told.style),
        (f"  {' · '.join(told.facts)}" if told.facts else "", "quiet"),
    )
    out.console.print(text, soft_wrap=True)


def _timeline(events: list[DurableEvent], out: Out) -> int:
    begun = next(each.at for each in events if isinstance(each, RunStarted))
    end = events[-1].at
    found = steps(events)
    if out.json:
        for step in found:
            out.line({**vars(step), "start": step.start, "end": step.end})
        return door.DONE
    width = max(20, out.console.width - NAME - 22)
    for row in rows(found, begun, end, width):
        facts = [took(row.seconds)]
        facts += [f"×{row.step.attempts}"] if row.step.attempts > 1 else []
        text = Text.assemble(
            (f"{row.turn:>3} ", "quiet"),
            f"{clean(row.name):<{NAME}} ",
            (row.before + row.queued, "quiet"),
            (row.bar, row.style),
            (f" {' '.join(facts)}", "quiet"),
        )
        out.console.print(text, soft_wrap=True)
    over = isinstance(events[-1], RunEnded)
    whole = f"{took(end - begun)} in all" if over else f"{took(end - begun)} so far"
    out.console.print(f"{whole}; ░ queued, █ at work, ▒ waiting", style="quiet", soft_wrap=True)
    return door.DONE


def _page(events: list[DurableEvent], file: Path, out: Out) -> int:
    from harness.terminal.page import page

    text = page(events, __version__)
    try:
        write_atomic(file, text)
    except OSError as error:
        raise ConfigError(
            "invalid_value", f"{file} cannot be written: {error.strerror}", fix="Name another."
        ) from error
    if out.json:
        out.line({"file": str(file), "bytes": len(text.encode())})
    else:
        out.raw(f"{file}: {len(text.encode()):,} bytes")
    return door.DONE


def _kind(name: str) -> str:
    wanted = name.replace("-", "_")
    if wanted not in KINDS:
        near = nearest(wanted, KINDS)
        hint = f"Did you mean {near}?" if near else f"Kinds: {', '.join(KINDS)}."
        raise UsageError(f"There is no kind of event {name!r}.", hint)
    return wanted


def _start(text: str | None) -> int | Cursor:
    if text is None:
        return 1
    try:
        return int(text) if text.isdigit() else Cursor.parse(text)
    except ValueError:
        raise UsageError(
            f"--from {text} is neither a number nor a cursor.", "A cursor is RUN_ID/EVENT/PLACE."
        ) from None
