"""Compare two runs, aligned by what happened in them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from harness.contracts import event as e
from harness.contracts.event import DurableEvent
from harness.contracts.run import Totals
from harness.journal.alignment import Match, align_items
from harness.journal.branches import drop_reset_events

Content = dict[str, Any]
"""What an event records, without times, places and ids."""
NOT_COMPARED = {
    "run", "at", "trace", "cursor", "call", "queued_ms", "first_ms", "ms", "attempts",
    "last_failure", "head", "recovered", "by", "call_id", "id", "played", "worker", "cut",
    "turn", "usage", "cost_micros", "totals",
}  # fmt: skip
KINDS = (
    e.ModelCalled, e.ModelReplied, e.ModelFailed, e.ToolCallFinished, e.DecisionMade,
    e.HintReceived, e.BudgetReached, e.RunEnded,
)  # fmt: skip
"""Events that show what happened, one for each occurrence."""
KIND_CELLS = 20_000
"""Size limit of the table for one stretch that differs: there may be thousands of stretches."""


class DiffSide(NamedTuple):
    """One of the two runs in a comparison."""

    run: str
    agent: str
    model: str
    events: tuple[DurableEvent, ...]
    """Its events after the point where the runs diverge."""
    totals: Totals | None
    seconds: float | None
    kept: int
    """Turns that it shares with its parent."""


class DiffRow(NamedTuple):
    """Something that happened in both runs, or in one of them."""

    one: DurableEvent | None
    other: DurableEvent | None
    same: bool
    """If False and both are set: the same kind of event, with different content."""


class RunDiff(NamedTuple):
    """Where two runs diverge, and what each did from there on."""

    same: int
    """How many compared events the two have in common, at any position."""
    turn: int
    """The turn in which they diverge; 0 if they do not."""
    sides: tuple[DiffSide, DiffSide]
    rows: tuple[DiffRow, ...]
    """The events of both sides after that point, aligned."""


def compare_runs(one: Iterable[DurableEvent], other: Iterable[DurableEvent]) -> RunDiff:
    lists = drop_reset_events(one), drop_reset_events(other)
    kept = _kept_turns(lists[0]), _kept_turns(lists[1])
    # A fork is compared from its own first turn: its earlier turns are its parent's.
    skip = max(kept)
    left, right = ([each for each in events if _is_compared(each, skip)] for events in lists)
    rows = tuple(_align_rows(left, right))
    start = next((place for place, row in enumerate(rows) if not row.same), len(rows))
    rest = rows[start:]
    first = rest[0][:2] if rest else ()
    turns = [turn for each in first if each and (turn := turn_of(each))]
    at = min(turns) if turns else (skip + 1 if rest else 0)
    ones = tuple(row.one for row in rest if row.one)
    others = tuple(row.other for row in rest if row.other)
    sides = _make_side(lists[0], ones, kept[0]), _make_side(lists[1], others, kept[1])
    return RunDiff(sum(row.same for row in rows), at, sides, rest)


def _get_content(event: DurableEvent) -> Content:
    """Return what is compared. Ids of calls are new in each run, and an additional turn changes the
    numbers of all later ones."""
    data = event.model_dump(mode="json", exclude_none=True, exclude=NOT_COMPARED)
    data.get("decided", {}).pop("by", None)
    for message in (*data.get("messages", ()), data.get("message", {})):
        for piece in message.get("parts", ()):
            for name in ("id", "call", "opaque", "artifact"):
                piece.pop(name, None)
    return data


def turn_of(event: DurableEvent) -> int | None:
    return getattr(event, "turn", None)


def _align_rows(one: Sequence[DurableEvent], other: Sequence[DurableEvent]) -> Iterator[DiffRow]:
    at = Match(0, 0)
    pairs = align_items(
        [_digest_content(each) for each in one], [_digest_content(each) for each in other]
    )
    for pair in [*pairs, Match(len(one), len(other))]:
        yield from _align_changes(one[at.one : pair.one], other[at.other : pair.other])
        if pair.one < len(one):
            yield DiffRow(one[pair.one], other[pair.other], same=True)
        at = Match(pair.one + 1, pair.other + 1)


def _align_changes(one: Sequence[DurableEvent], other: Sequence[DurableEvent]) -> Iterator[DiffRow]:
    """Pair differing events of the same kind."""
    at = Match(0, 0)
    pairs = align_items(
        [_kind_of(each) for each in one], [_kind_of(each) for each in other], KIND_CELLS
    )
    for pair in [*pairs, Match(len(one), len(other))]:
        yield from (DiffRow(each, None, same=False) for each in one[at.one : pair.one])
        yield from (DiffRow(None, each, same=False) for each in other[at.other : pair.other])
        if pair.one < len(one):
            yield DiffRow(one[pair.one], other[pair.other], same=False)
        at = Match(pair.one + 1, pair.other + 1)


def _kind_of(event: DurableEvent) -> tuple[str, str]:
    """Calls of different tools are of different kinds."""
    return event.type, event.name if isinstance(event, e.ToolCallFinished) else ""


def _digest_content(event: DurableEvent) -> bytes:
    """Hash the content, which may be large; it includes the type."""
    text = json.dumps(_get_content(event), sort_keys=True, ensure_ascii=True)
    return blake2b(text.encode(), digest_size=16).digest()


def _is_compared(event: DurableEvent, skip: int) -> bool:
    turn = turn_of(event)
    return isinstance(event, KINDS) and (turn is None or turn > skip)


def _kept_turns(events: list[DurableEvent]) -> int:
    started = next((each for each in events if isinstance(each, e.RunStarted)), None)
    return started.parent.turn if started and started.parent else 0


def _make_side(events: list[DurableEvent], rest: tuple[DurableEvent, ...], kept: int) -> DiffSide:
    started = next((each for each in events if isinstance(each, e.RunStarted)), None)
    ended = events[-1] if events and isinstance(events[-1], e.RunEnded) else None
    return DiffSide(
        run=started.run if started else "",
        agent=started.agent if started else "",
        model=started.model if started else "",
        events=rest,
        totals=ended.totals if ended else None,
        seconds=ended.at - started.at if ended and started else None,
        kept=kept,
    )
