"""Two runs side by side, from where they part. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import Any, NamedTuple

from harness.contracts import event as e
from harness.contracts.event import DurableEvent
from harness.contracts.run import Totals
from harness.journal.branches import standing

Content = dict[str, Any]
"""What an event says of the run, without when, where and how fast."""
UNTOLD = {
    "run", "at", "trace", "cursor", "call", "queued_ms", "first_ms", "ms", "attempts",
    "last_failure", "head", "recovered", "by", "call_id", "id", "played", "worker", "cut",
}  # fmt: skip
KINDS = (
    e.ModelCalled, e.ModelReplied, e.ModelFailed, e.ToolCallFinished, e.DecisionMade,
    e.HintReceived, e.BudgetReached, e.RunEnded,
)  # fmt: skip
"""What happened, once for each thing."""


class Side(NamedTuple):
    run: str
    agent: str
    model: str
    events: tuple[DurableEvent, ...]
    """Those after the point where the runs part."""
    totals: Totals | None
    seconds: float | None
    kept: int
    """Turns that are not its own but its parent's."""


class Parting(NamedTuple):
    same: int
    """Events that both have, of those that are compared."""
    turn: int
    """The turn in which they part; 0 where they do not."""
    sides: tuple[Side, Side]


def part(one: Iterable[DurableEvent], other: Iterable[DurableEvent]) -> Parting:
    lists = standing(one), standing(other)
    kept = _kept(lists[0]), _kept(lists[1])
    # What a fork has from its parent happened once: it is compared from where its own turns begin.
    skip = max(kept)
    told = tuple([each for each in events if _told(each, skip)] for events in lists)
    pairs = zip(told[0], told[1], strict=False)
    same = sum(1 for _ in takewhile(lambda pair: content(pair[0]) == content(pair[1]), pairs))
    rest = [tuple(events[same:]) for events in told]
    turns = [_turn(each) for events in rest for each in events[:1]]
    known = [turn for turn in turns if turn]
    at = min(known) if known else (skip + 1 if any(rest) else 0)
    sides = (_side(lists[0], rest[0], kept[0]), _side(lists[1], rest[1], kept[1]))
    return Parting(same, at, sides)


def content(event: DurableEvent) -> Content:
    """What is compared. Ids of calls are new in each run."""
    data = event.model_dump(mode="json", exclude_none=True, exclude=UNTOLD)
    data.pop("usage", None)
    data.pop("cost_micros", None)
    data.pop("totals", None)
    data.get("decided", {}).pop("by", None)
    for message in (*data.get("messages", ()), data.get("message", {})):
        for piece in message.get("parts", ()):
            for name in ("id", "call", "opaque", "artifact"):
                piece.pop(name, None)
    return data


def _told(event: DurableEvent, skip: int) -> bool:
    turn = _turn(event)
    return isinstance(event, KINDS) and (turn is None or turn > skip)


def _turn(event: DurableEvent) -> int | None:
    return getattr(event, "turn", None)


def _kept(events: list[DurableEvent]) -> int:
    started = next((each for each in events if isinstance(each, e.RunStarted)), None)
    return started.parent.turn if started and started.parent else 0


def _side(events: list[DurableEvent], rest: tuple[DurableEvent, ...], kept: int) -> Side:
    started = next((each for each in events if isinstance(each, e.RunStarted)), None)
    ended = events[-1] if events and isinstance(events[-1], e.RunEnded) else None
    return Side(
        run=started.run if started else "",
        agent=started.agent if started else "",
        model=started.model if started else "",
        events=rest,
        totals=ended.totals if ended else None,
        seconds=ended.at - started.at if ended and started else None,
        kept=kept,
    )
