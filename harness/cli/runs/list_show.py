"""`harness list` and `harness show`: read runs without a worker."""

from __future__ import annotations

import time
from argparse import Namespace
from dataclasses import asdict

from rich.text import Text

from harness.cli.context import open_backend
from harness.cli.history.time_filter import parse_since
from harness.cli.out import Out
from harness.cli.parser import UsageError, find_nearest
from harness.contracts.clean_text import clean_line
from harness.contracts.run import RunState
from harness.runs.filter import RunFilter
from harness.runs.listing import RunRow
from harness.terminal import exit_codes
from harness.terminal.view.console import print_indented, width_of
from harness.terminal.view.live import STYLES
from harness.terminal.view.text import format_age, format_duration, format_money


async def list_runs(args: Namespace, out: Out) -> int:
    if args.limit < 1:
        raise UsageError("--limit must be 1 or more.", "The default is 20.")
    if args.archived and args.query:
        raise UsageError("--query searches Temporal, not the archive.", "Use --state or --agent.")
    if args.archived and args.forks_of:
        raise UsageError(
            "--forks-of searches Temporal: the archive has no index of forks.",
            "Omit --archived.",
        )
    if args.archived and args.since:
        raise UsageError("--since searches Temporal, not the archive.", "Omit --archived.")
    if args.archived and args.owner:
        raise UsageError(
            "--owner searches Temporal: the archive has no index of owners.", "Omit --archived."
        )
    which = _read_filter(args)
    rows: dict[str, RunRow] = {}
    async with open_backend(args, out, index=True, store=args.archived) as backend:
        if args.archived:
            found = await backend.archive.list_runs(
                agent=args.agent, state=args.state, session=args.session, limit=args.limit
            )
        else:
            found = await backend.list_runs(which, args.query, args.limit)
    for row in found:
        rows.setdefault(row.id, row)  # after a reset there are two; the newer comes first
    if out.json:
        for row in rows.values():
            data = {key: value for key, value in asdict(row).items() if value is not None}
            out.line({**data, "state": row.state.value})
    elif rows:
        _print_table(out, list(rows.values()))
    else:
        chosen = args.query or which != RunFilter()
        out.note("No run matches." if chosen else "There are no runs yet.")
    return exit_codes.DONE


async def show_run(args: Namespace, out: Out) -> int:
    from harness.terminal.view.show import show_card

    async with open_backend(args, out, store=False) as backend:
        card = await backend.read_card(args.run)
        url = backend.get_run(args.run).url
        wanted = out.json and card.state.over
        token = await backend.find_token(args.run) if wanted else None
    if out.json:
        data = card.model_dump(mode="json", exclude_none=True)
        out.line({**data, "url": url, **({"token": token} if token else {})})
    else:
        show_card(out.console, card, url, time.time())
    return exit_codes.DONE


def _read_filter(args: Namespace) -> RunFilter:
    return RunFilter(
        state=_read_state(args.state) if args.state else None,
        agent=args.agent,
        session=args.session,
        owner=args.owner,
        fork_of=args.forks_of,
        since=parse_since(args.since) if args.since else None,
    )


def _read_state(name: str) -> RunState:
    names = [state.value for state in RunState]
    if name not in names:
        near = find_nearest(name, names)
        hint = f"Did you mean {near}?" if near else f"States: {', '.join(names)}."
        raise UsageError(f"There is no state {name!r}.", hint)
    return RunState(name)


HEADS = ("RUN", "STATE", "STARTED", "TOOK", "TOKENS", "COST", "AGENT", "MODEL")


def _print_table(out: Out, rows: list[RunRow]) -> None:
    lines = [_row_cells(row, time.time()) for row in rows]
    widths = [max(len(line[i]) for line in (HEADS, *lines)) for i in range(len(HEADS))]
    width = width_of(out.console)
    if width is not None and sum(widths) + 2 * len(widths) > width:
        for row, line in zip(rows, lines, strict=True):
            _print_item(out, row, line)
        return
    for number, line in enumerate((HEADS, *lines)):
        styles = [""] * len(line) if number else ["quiet"] * len(line)
        if number:
            styles[1] = STYLES.get(rows[number - 1].state, "")
        for text, room, style in zip(line, widths, styles, strict=True):
            out.console.print(f"{text:<{room}}", style=style, end="  ", soft_wrap=True)
        out.console.print()


def _row_cells(row: RunRow, now: float) -> tuple[str, ...]:
    tokens = "" if row.tokens is None else f"{row.tokens:,}"
    cost = "" if row.cost_micros is None else format_money(row.cost_micros)
    lasted = format_duration(row.ended - row.started) if row.ended else ""
    since = f"{format_age(now - row.started)} ago"
    return (row.id, row.state.value, since, lasted, tokens, cost, row.agent, row.model)


def _print_item(out: Out, row: RunRow, line: tuple[str, ...]) -> None:
    """Print a run as a list item, for terminals too narrow for the table."""
    _, state, since, lasted, tokens, cost, agent, model = line
    out.console.print(row.id, style="bold", end="  ", soft_wrap=True)
    out.console.print(state, style=STYLES.get(row.state, ""))
    facts = [since, lasted and f"took {lasted}", tokens and f"{tokens} tokens", cost]
    facts += [f"{agent} on {model}" if model else agent]
    text = " · ".join(clean_line(fact) for fact in facts if fact)
    print_indented(out.console, Text(text, style="quiet"), 2)
