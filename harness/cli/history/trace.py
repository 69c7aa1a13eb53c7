"""`harness trace`: the events of a run, from history and from the attempt log."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import get_args

from rich.text import Text

from harness.cli.context import open_backend
from harness.cli.history.prompt import show_prompt
from harness.cli.history.run_sources import is_file, open_reader
from harness.cli.named_file import check_new, write_named
from harness.cli.out import Out
from harness.cli.parser import UsageError, find_nearest
from harness.contracts.attempt import Attempt
from harness.contracts.errors import StoreError, TurnNotFound
from harness.contracts.errors.run import not_a_run
from harness.contracts.event import LIVE, Cursor, DurableEvent, RunEnded, RunStarted
from harness.journal.attempts import Attempts, Earlier, weave_attempts
from harness.journal.steps import list_steps
from harness.terminal import exit_codes
from harness.terminal.view.console import is_narrow, print_indented
from harness.terminal.view.text import clean_shown, count_of, format_duration
from harness.terminal.view.timeline import NAME, Row, make_rows
from harness.terminal.view.trace import (
    Line,
    attempt_facts,
    attempt_line,
    format_offset,
    line_after_attempts,
    ran_on,
)
from harness.version import __version__

KINDS = tuple(kind.model_fields["type"].default for kind in get_args(DurableEvent))

INDENT = 4
"""Of the text below an event's head on a narrow terminal."""


async def trace_run(args: Namespace, out: Out) -> int:
    if args.prompt is not None:
        return await show_prompt(args, out)
    kinds = frozenset(map(_parse_kind, args.kind or ()))
    start = _parse_start(args.start)
    if args.follow and (args.html or args.timeline):
        raise UsageError("--follow excludes --html and --timeline.", "Pass one of them.")
    if args.html:
        check_new(Path(args.html), force=args.force)
    if args.follow:
        followed = _follow_run(args, out)
        return await _print_events(followed, kinds, start, out, workers=args.workers)
    async with open_reader(args, out, [args.run]) as read:
        found = await read(args.run)
    if found.attempts is None:
        out.note("Earlier attempts are not shown: their log cannot be read.")
    events, attempts = found.events, found.attempts or ()
    if not events:
        raise not_a_run(args.run)
    if args.html:
        return _write_page(events, attempts, Path(args.html), out, force=args.force)
    if args.timeline:
        return _print_timeline(events, attempts, out)
    return await _print_events(
        _weave_events(events, attempts), kinds, start, out, workers=args.workers
    )


async def _weave_events(
    events: list[DurableEvent], attempts: Sequence[Attempt]
) -> AsyncGenerator[DurableEvent | Earlier]:
    for each in weave_attempts(events, attempts):
        yield each


async def _follow_run(args: Namespace, out: Out) -> AsyncGenerator[DurableEvent | Earlier]:
    if is_file(args.run):
        raise UsageError(f"{args.run} is a file and cannot be followed.", "Omit --follow.")
    async with open_backend(args, out) as backend:
        handle = backend.get_run(args.run)
        attempts = Attempts()
        async for event in handle.events():
            if isinstance(event, LIVE):
                continue
            if attempts.has_earlier(event):
                with suppress(StoreError):
                    attempts.load_logged(await handle.attempts())
            for each in attempts.take_before(event):
                yield each
            yield event


async def _print_events(
    events: AsyncGenerator[DurableEvent | Earlier],
    kinds: frozenset[str],
    start: int | Cursor,
    out: Out,
    *,
    workers: bool,
) -> int:
    number, begun, shown = 0, 0.0, isinstance(start, int)
    before: list[Earlier] = []
    """Attempts of the step that the next event ends: shown if the event is."""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Earlier):
                before.append(event)
                continue
            number += 1
            begun = begun or event.at
            shown = shown or event.cursor == start
            if shown and not (isinstance(start, int) and number < start):
                _print_attempts(begun, before, kinds, out)
                if not kinds or event.type in kinds:
                    _print_event(number, begun, event, before, out, workers=workers)
            before.clear()
    if not shown:
        raise TurnNotFound(
            f"The run has no event with the cursor {start}.", fix="See cursors with --json."
        )
    if isinstance(start, int) and start > max(number, 1):
        out.note(f"The run has {count_of(number, 'event')} so far: there is no event {start}.")
    _print_attempts(begun, before, kinds, out)
    return exit_codes.DONE


def _print_attempts(begun: float, told: Sequence[Earlier], kinds: frozenset[str], out: Out) -> None:
    for each in told:
        if kinds and each.step.type not in kinds:
            continue
        if out.json:
            out.line({"attempt_log": attempt_facts(each)})
            continue
        at = format_offset(each.logged.ended - begun) if each.logged else " " * 10
        turn = getattr(each.step, "turn", "")
        _print_line("", at, turn, f"  attempt {each.attempt}", attempt_line(each), out)


def _print_event(
    number: int,
    begun: float,
    event: DurableEvent,
    before: Sequence[Earlier],
    out: Out,
    *,
    workers: bool,
) -> None:
    if out.json:
        out.raw(event.wire().decode())
        return
    kind, turn = event.type.replace("_", " "), getattr(event, "turn", "")
    told = line_after_attempts(before, event)
    if workers:
        told = told._replace(facts=(*told.facts, *ran_on(event)))
    _print_line(number, format_offset(event.at - begun), turn, kind, told, out)


def _print_line(number: object, at: str, turn: object, kind: str, told: Line, out: Out) -> None:
    if is_narrow(out.console):
        head = [str(number), at.strip(), f"turn {turn}" if turn else "", kind.strip()]
        out.console.print("  ".join(filter(None, head)), style="quiet")
        print_indented(out.console, _line_text(told), INDENT)
        return
    text = Text.assemble(
        (f"{number!s:>4} {at} {turn!s:>3}  ", "quiet"),
        (f"{kind:<20} ", "quiet"),
        _line_text(told),
    )
    out.console.print(text, soft_wrap=True)


def _line_text(told: Line) -> Text:
    facts = f"  {' · '.join(told.facts)}" if told.facts else ""
    return Text.assemble((told.what, told.style), (facts, "quiet"))


def _print_timeline(events: list[DurableEvent], attempts: Sequence[Attempt], out: Out) -> int:
    begun = next(each.at for each in events if isinstance(each, RunStarted))
    end = events[-1].at
    found = list_steps(events, attempts)
    if out.json:
        for step in found:
            log = [attempt_facts(each) for each in step.earlier]
            out.line(step.as_data() | ({"attempt_log": log} if log else {}))
        return exit_codes.DONE
    narrow = is_narrow(out.console)
    room = out.console.width - (INDENT if narrow else NAME + 22)
    drawn = make_rows(found, begun, end, max(20, room))
    for row in drawn:
        _print_row(row, out, narrow=narrow)
    over = isinstance(events[-1], RunEnded)
    whole = (
        f"{format_duration(end - begun)} in all"
        if over
        else f"{format_duration(end - begun)} so far"
    )
    legend = "░ queued, ▓ until the first token, █ running, ▒ waiting, × failed attempt"
    if any("╳" in piece for row in drawn for piece, _ in row.cells):
        legend += ", ╳ failed attempts that are not logged"
    out.console.print(f"{whole}; {legend}", style="quiet", soft_wrap=not narrow)
    return exit_codes.DONE


def _print_row(row: Row, out: Out, *, narrow: bool) -> None:
    facts = [format_duration(row.seconds)]
    facts += [f"first {format_duration(row.step.first)}"] if row.step.first is not None else []
    facts += [f"{row.step.attempts} attempts"] if row.step.attempts > 1 else []
    facts += ["discarded by a reset"] if row.step.left else []
    told = (f" {' · '.join(facts)}", "quiet")
    if narrow:
        turn = f"turn {row.turn}  " if row.turn else " " * INDENT
        out.console.print(Text.assemble((turn, "quiet"), clean_shown(row.name), " ", told))
        out.console.print(Text.assemble(" " * INDENT, *row.cells))
        return
    name = f"{clean_shown(row.name):<{NAME}} "
    text = Text.assemble((f"{row.turn:>3} ", "quiet"), name, *row.cells, told)
    out.console.print(text, soft_wrap=True)


def _write_page(
    events: list[DurableEvent],
    attempts: Sequence[Attempt],
    file: Path,
    out: Out,
    *,
    force: bool,
) -> int:
    from harness.terminal.page.run_page import run_page_html

    text = run_page_html(events, __version__, attempts)
    write_named(file, text, force=force)
    if out.json:
        out.line({"file": str(file), "bytes": len(text.encode())})
    else:
        out.raw(f"{file}: {len(text.encode()):,} bytes")
    return exit_codes.DONE


def _parse_kind(name: str) -> str:
    wanted = name.replace("-", "_")
    if wanted not in KINDS:
        near = find_nearest(wanted, KINDS)
        hint = f"Did you mean {near}?" if near else f"Kinds: {', '.join(KINDS)}."
        raise UsageError(f"There is no event kind {name!r}.", hint)
    return wanted


def _parse_start(text: str | None) -> int | Cursor:
    if text is None:
        return 1
    try:
        if not text.isdigit():
            return Cursor.parse(text)
        if (number := int(text)) > 0:
            return number
        raise UsageError("--from must be 1 or more, not 0.", "Omit it to see all events.")
    except ValueError:
        raise UsageError(
            f"--from {text} is neither a number nor a cursor.", "A cursor is RUN_ID/EVENT/PLACE."
        ) from None
