"""The calls of tools of a run, and which entry stands for which call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from harness.care.repair.following import POLICY
from harness.care.tickets.rows import ChangeRow, Note
from harness.contracts.event import (
    DecisionMade,
    DurableEvent,
    ToolCallFinished,
    ToolCallRequested,
    ToolCallStarted,
)

SLACK_S = 5.0
"""Clocks of the database and of Temporal differ."""
R = TypeVar("R", Note, ChangeRow)


@dataclass(kw_only=True)
class Call:
    """A call of a tool, as the history of its run has it."""

    name: str
    arguments: Mapping[str, Any]
    begun: float
    result: ToolCallFinished | None = None
    decided_by: str | None = None

    def is_when(self, at: float) -> bool:
        """Whether it was at work at this time."""
        until = float("inf") if self.result is None else self.result.at
        return self.begun - SLACK_S <= at <= until + SLACK_S

    def read_result(self) -> Mapping[str, Any]:
        """Its result, if that is an object of JSON."""
        try:
            return _read_arguments(json.loads("" if self.result is None else self.result.content))
        except ValueError:
            return {}


def list_calls(events: Sequence[DurableEvent]) -> Iterator[Call]:
    """The calls of tools of a run, with what was decided about each, and its result."""
    calls = list[Call]()
    newest = dict[str, Call]()  # ids may be used again in a later turn
    for event in events:
        if isinstance(event, ToolCallRequested):
            call = event.call
            made = Call(name=call.name, arguments=_read_arguments(call.arguments), begun=event.at)
            calls.append(made)
            newest[call.id] = made
        elif isinstance(event, ToolCallStarted) and event.call_id in newest:
            newest[event.call_id].arguments = _read_arguments(event.arguments)
        elif isinstance(event, DecisionMade) and event.id in newest and event.verdict != "reject":
            newest[event.id].decided_by = event.by or POLICY
        elif isinstance(event, ToolCallFinished) and event.call_id in newest:
            newest[event.call_id].result = event
    yield from calls


def _read_arguments(given: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", given) if isinstance(given, dict) else {}


def pair_with_calls(
    rows: Sequence[R], calls: Sequence[Call], has_made: Callable[[Call, R], bool]
) -> dict[str, Call]:
    """Find a call for each row, by its id, such that as many rows as possible have one of their
    own: a call makes one row, so the others were added."""
    taken = dict[int, R]()  # by the number of the call

    def find(row: R, tried: set[int]) -> bool:
        for number, call in enumerate(calls):
            if number in tried or not has_made(call, row):
                continue
            tried.add(number)
            if number not in taken or find(taken[number], tried):
                taken[number] = row
                return True
        return False

    for row in rows:
        find(row, set())
    return {row.id: calls[number] for number, row in taken.items()}
