"""`harness list` and `harness show`: read runs without a worker."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import AsyncIterator
from dataclasses import asdict

from rich.text import Text

from harness.cli.context import open_client
from harness.cli.history.time_filter import query_conditions
from harness.cli.out import Out
from harness.cli.parser import UsageError, find_nearest
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import StoreError
from harness.contracts.run import RunState
from harness.history.reader import open_seals
from harness.runs.filter import RunFilter
from harness.runs.listing import RunRow
from harness.sdk.client import HarnessClient
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
    query = _build_query(args)
    async with open_client(out, index=True, store=args.archived) as client:
        rows: dict[str, RunRow] = {}
        found = (
            _list_archived(client, args)
            if args.archived
            else client.list_runs(query, limit=args.limit)
        )
        async for row in found:
            rows.setdefault(row.id, row)  # after a reset there are two; the newer comes first
    if out.json:
        for row in rows.values():
            data = {key: value for key, value in asdict(row).items() if value is not None}
            out.line({**data, "state": row.state.value})
    elif rows:
        _print_table(out, list(rows.values()))
    else:
        out.note("No run matches." if query else "There are no runs yet.")
    return exit_codes.DONE


async def _list_archived(client: HarnessClient, args: Namespace) -> AsyncIterator[RunRow]:
    listed = await open_seals(client.connection).list_runs(
        client.connection.endpoints.namespace,
        agent=args.agent,
        state=args.state,
        session=args.session,
        limit=args.limit,
    )
    for each in listed:
        index = each.index
        yield RunRow(
            id=each.run,
            agent=index.agent or "",
            state=RunState(index.state) if index.state else RunState.FAILED,
            model=index.model or "",
            session=index.session,
            started=index.started or 0.0,
            ended=index.ended,
            tokens=index.tokens,
            cost_micros=index.cost_micros,
        )


async def show_run(args: Namespace, out: Out) -> int:
    from harness.runs.card import read_card
    from harness.terminal.view.show import show_card

    async with open_client(out, store=False) as client:
        card = await read_card(client.connection, args.run)
        url = client.get_run(args.run).url
        wanted = out.json and card.state.over
        token = await _find_token(client, args.run) if wanted else None
    if out.json:
        data = card.model_dump(mode="json", exclude_none=True)
        out.line({**data, "url": url, **({"token": token} if token else {})})
    else:
        show_card(out.console, card, url, time.time())
    return exit_codes.DONE


async def _find_token(client: HarnessClient, run: str) -> str | None:
    """The replay token, if the run is sealed and the database answers."""
    try:
        rows = await open_seals(client.connection).seals_of_run(
            run, client.connection.endpoints.namespace
        )
    except StoreError:
        return None
    return next((row.hash for row in rows if row.kind != "part"), None)


def _build_query(args: Namespace) -> str:
    chosen = RunFilter(
        state=_read_state(args.state) if args.state else None,
        agent=args.agent,
        session=args.session,
        owner=args.owner,
        fork_of=args.forks_of,
    ).query()
    parts = [chosen, *query_conditions(args.query, args.since)]
    return " AND ".join(part for part in parts if part)


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
