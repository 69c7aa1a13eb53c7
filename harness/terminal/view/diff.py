"""Two runs side by side on the terminal; one below the other if it is narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.contracts.event import (
    DurableEvent,
    HintReceived,
    ModelCalled,
    ModelReplied,
    RunEnded,
    ToolCallFinished,
)
from harness.contracts.message import Text as MessageText
from harness.contracts.message import ToolResult
from harness.journal.diff import DiffRow, DiffSide, RunDiff, turn_of
from harness.terminal.view.console import is_narrow
from harness.terminal.view.text import (
    clean_shown,
    count_of,
    format_call,
    format_duration,
    format_totals,
    one_line,
)
from harness.terminal.view.trace import SHOWN, event_line

CONTEXT = 2
"""Up to this many consecutive equal rows are shown; more are counted."""
SEEN = 70
"""Characters of a text that a line shows at least."""
BEFORE = 30
"""Characters shown before the place where two long texts differ."""


def show_diff(console: Console, parting: RunDiff, labels: Sequence[str]) -> None:
    console.print(diff_headline(parting, labels))
    if is_narrow(console):
        console.print(_one_below_other(parting, labels))
    else:
        console.print(_side_by_side(parting, labels))


def diff_headline(parting: RunDiff, labels: Sequence[str]) -> str:
    alone = [sum(1 for row in parting.rows if row[side] and not row[1 - side]) for side in (0, 1)]
    changed = sum(1 for row in parting.rows if row.one and row.other and not row.same)
    if not (any(alone) or changed):
        return f"No difference in {count_of(parting.same, 'event')}."
    facts = [f"{count_of(parting.same, 'event')} the same"] if parting.same else []
    facts += [f"{changed} changed"] if changed else []
    facts += [f"{n} only in {clean_shown(labels[side])}" for side, n in enumerate(alone) if n]
    where = f" First difference: turn {parting.turn}." if parting.turn else ""
    return f"{', '.join(facts)}.{where}"


def _side_by_side(parting: RunDiff, labels: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    for label in labels:
        table.add_column("turn", style="quiet", width=4, justify="right")
        table.add_column(clean_shown(label), ratio=1, overflow="fold")
    one, other = (Text(f"{s.agent} on {s.model}", style="quiet") for s in parting.sides)
    table.add_row("", one, "", other)
    for same, rows in _group_rows(parting.rows):
        if same > CONTEXT:
            table.add_row("", Text(f"… {count_of(same, 'event')} the same", style="quiet"))
            continue
        for row in rows:
            left, right = _row_texts(row)
            table.add_row(_turn_label(row.one), left, _turn_label(row.other), right)
    ends = (Text(_side_figures(side), style="quiet") for side in parting.sides)
    table.add_row("", next(ends), "", next(ends))
    return table


def _one_below_other(parting: RunDiff, labels: Sequence[str]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for mark, label, side in zip("-+", labels, parting.sides, strict=True):
        table.add_row(mark, Text(clean_shown(label), style="bold"))
        table.add_row("", Text(f"{side.agent} on {side.model}", style="quiet"))
        table.add_row("", Text(_side_figures(side), style="quiet"))
    for same, rows in _group_rows(parting.rows):
        if same > CONTEXT:
            table.add_row("", Text(f"… {count_of(same, 'event')} the same", style="quiet"))
            continue
        for row in rows:
            texts = _row_texts(row)
            if row.same:
                table.add_row("", _with_turn(row.other, texts[1]))
                continue
            for mark, event, text in zip("-+", row[:2], texts, strict=True):
                if event:
                    table.add_row(mark, _with_turn(event, text))
    return table


def _group_rows(rows: Sequence[DiffRow]) -> Iterator[tuple[int, list[DiffRow]]]:
    """Groups of consecutive rows, each with the number of equal ones, 0 if they differ."""
    for same, found in groupby(rows, key=lambda row: row.same):
        stretch = list(found)
        yield len(stretch) if same else 0, stretch


def _row_texts(row: DiffRow) -> tuple[Text, Text]:
    left, right = (_event_text(event, same=row.same) for event in row[:2])
    if row.same or row.one is None or row.other is None:
        return left, right
    words = _full_text(row.one), _full_text(row.other)
    if (common := _common_prefix(*words)) >= SEEN or left.plain == right.plain:
        at = max(0, common - BEFORE)
        near = (each[at:].replace("\n", " ") for each in words)
        parts = (Text(f"… {one_line(each, SHOWN)}") for each in near)
        left, right = (
            Text.assemble(text, "\n", part) for text, part in zip((left, right), parts, strict=True)
        )
    return left, right


def _common_prefix(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _event_text(event: DurableEvent | None, *, same: bool) -> Text:
    if event is None:
        return Text("")
    line = event_line(event)
    what = line.what
    if isinstance(event, ModelCalled):
        what = f"calls {event.model}: {_new_messages(event)}"
    elif isinstance(event, ModelReplied) and event.message.calls:
        said = [one_line(event.message.text, SHOWN)] if event.message.text else []
        what = " · ".join([*said, *_call_texts(event)])
    return Text(clean_shown(what), style="quiet" if same else line.style)


def _call_texts(event: ModelReplied) -> Iterator[str]:
    return (f"requests {format_call(each.name, each.arguments)}" for each in event.message.calls)


def _new_messages(event: ModelCalled) -> str:
    """The new messages of a model call, shortened."""
    return "; ".join(one_line(text, 80) for text in _message_texts(event))


def _message_texts(event: ModelCalled) -> Iterator[str]:
    for part in (part for message in event.messages for part in message.parts):
        if isinstance(part, MessageText):
            yield part.text
        elif isinstance(part, ToolResult):
            yield f"{part.name}: {part.content}"


def _full_text(event: DurableEvent) -> str:
    """The whole text of an event, for differences beyond its line."""
    match event:
        case ModelCalled():
            return "; ".join(_message_texts(event))
        case ModelReplied():
            return " · ".join([event.message.text, *_call_texts(event)])
        case ToolCallFinished():
            return event.content
        case RunEnded():
            return event.output
        case HintReceived():
            return event.text
        case _:
            return event_line(event).what


def _turn_label(event: DurableEvent | None) -> str:
    return str((event and turn_of(event)) or "")


def _with_turn(event: DurableEvent | None, text: Text) -> Text:
    turn = _turn_label(event)
    return Text.assemble((f"turn {turn}  ", "quiet"), text) if turn else text


def _side_figures(side: DiffSide) -> str:
    facts = [format_totals(side.totals)] if side.totals else []
    facts += [format_duration(side.seconds)] if side.seconds is not None else []
    return " · ".join(facts) or "still running"
