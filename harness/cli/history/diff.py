"""`harness diff`: two runs side by side."""

from __future__ import annotations

from argparse import Namespace
from itertools import zip_longest
from typing import Any

from rich.table import Table
from rich.text import Text

from harness.cli.history.run_sources import reading
from harness.cli.out import Out
from harness.contracts.event import DurableEvent, ModelCalled
from harness.contracts.message import Text as MessageText
from harness.contracts.message import ToolResult
from harness.journal.diff import Parting, Side, content, part
from harness.terminal import exit_codes
from harness.terminal.view.text import count, figures, one_line, took
from harness.terminal.view.trace import line


async def diff(args: Namespace, out: Out) -> int:
    async with reading(out, [args.run, args.other]) as read:
        one, other = await read(args.run), await read(args.other)
    parting = part(one.events, other.events)
    if out.json:
        out.line(_data(parting))
        return exit_codes.DONE
    if not any(side.events for side in parting.sides):
        out.raw(f"The same: {count(parting.same, 'event')}.")
    else:
        before = f"{count(parting.same, 'event')} the same; they" if parting.same else "They"
        out.raw(f"{before} part in turn {parting.turn}." if parting.turn else f"{before} part.")
    out.console.print(_table(parting))
    return exit_codes.DONE


def _table(parting: Parting) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("turn", style="quiet", width=4)
    for side in parting.sides:
        table.add_column(side.run, ratio=1, overflow="fold")
    one, other = parting.sides
    table.add_row("", *(Text(f"{s.agent} on {s.model}", style="quiet") for s in parting.sides))
    for left, right in zip_longest(one.events, other.events):
        same = left and right and content(left) == content(right)
        turn = next((t for each in (left, right) if (t := getattr(each, "turn", None))), "")
        table.add_row(str(turn), _cell(left, same=bool(same)), _cell(right, same=bool(same)))
    table.add_row("", *(Text(_figures(side), style="quiet") for side in parting.sides))
    return table


def _cell(event: DurableEvent | None, *, same: bool) -> Text:
    if event is None:
        return Text("")
    told = line(event)
    what = f"asks {event.model}: {_news(event)}" if isinstance(event, ModelCalled) else told.what
    return Text(what, style="quiet" if same else told.style)


def _news(event: ModelCalled) -> str:
    """What the model is told with a call."""
    parts = [part for message in event.messages for part in message.parts]
    told = [
        part.text if isinstance(part, MessageText) else f"{part.name}: {part.content}"
        for part in parts
        if isinstance(part, MessageText | ToolResult)
    ]
    return "; ".join(one_line(text, 80) for text in told)


def _figures(side: Side) -> str:
    facts = [figures(side.totals)] if side.totals else []
    facts += [took(side.seconds)] if side.seconds is not None else []
    return " · ".join(facts) or "goes on"


def _data(parting: Parting) -> dict[str, Any]:
    return {
        "same": parting.same,
        "turn": parting.turn or None,
        "sides": [
            {
                "run": side.run,
                "agent": side.agent,
                "model": side.model,
                "kept": side.kept,
                "totals": side.totals.model_dump(exclude_none=True) if side.totals else None,
                "seconds": side.seconds,
                "events": [each.model_dump(mode="json", exclude_none=True) for each in side.events],
            }
            for side in parting.sides
        ],
    }
