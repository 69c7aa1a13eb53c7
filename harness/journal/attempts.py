"""Match failed attempts, which come from the attempt log, with the steps in history. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import inf
from typing import NamedTuple

from harness.contracts import event as e
from harness.contracts.attempt import Attempt
from harness.contracts.event import DurableEvent

Key = tuple[str, str, int, str]
"""Execution, kind of activity, turn, and which call."""


class Earlier(NamedTuple):
    """One attempt of a step that was not its last."""

    step: DurableEvent
    """The event that ended the step, or the one that began it if it has not ended."""
    attempt: int
    logged: Attempt | None
    """None: the worker was killed or could not log it."""


class Attempts:
    """Finds the attempts of each step while events are read in order."""

    def __init__(self, logged: Iterable[Attempt] = ()) -> None:
        self._found: dict[Key, list[list[Attempt]]] = {}
        self._begun: dict[Key, DurableEvent] = {}
        """Steps that have not ended yet."""
        self._reported: set[tuple[str, str]] = set()
        self.load_logged(logged)

    def load_logged(self, logged: Iterable[Attempt]) -> None:
        """Load the log so far. Attempts of one activity stay together: a call that waits for a
        person is two activities."""
        found: dict[Key, list[list[Attempt]]] = {}
        ordered = sorted(logged, key=lambda a: (a.run_id, a.kind, a.activity, a.attempt))
        for _, group in groupby(ordered, key=lambda a: (a.run_id, a.kind, a.activity)):
            tries = list(group)
            first = tries[0]
            reported = (first.run_id, first.activity) in self._reported
            if first.turn is not None and first.call is not None and not reported:
                key = (first.run_id, first.kind, first.turn, first.call)
                found.setdefault(key, []).append(tries)
        for groups in found.values():
            groups.sort(key=lambda tries: tries[0].started)
        self._found = found

    def has_earlier(self, event: DurableEvent) -> bool:
        """Whether earlier attempts may come before `event`, by what history shows."""
        return _count_attempts(event) > 1 or bool(self._ended_by(event))

    def take_before(self, event: DurableEvent) -> list[Earlier]:
        """Take the earlier attempts to report before `event`."""
        told = [each for key in self._ended_by(event) for each in self._take_left(key, event.at)]
        key = _key_of(event)
        if key is None:
            return told
        if isinstance(event, e.ModelCalled | e.ToolCallChecked | e.ToolCallStarted):
            self._begun[key] = event
            return told
        if not _count_attempts(event) and key in self._begun:  # a decision ended it, or the run did
            return [*told, *self._take_left(key, event.at)]
        self._begun.pop(key, None)
        known = {each.attempt: each for each in self._take_failed(key)}
        return [
            Earlier(event, number, known.get(number)) for number in range(1, _count_attempts(event))
        ]

    def take_open(self) -> list[Earlier]:
        """Take the failures of steps that are still running, to report last."""
        return [each for key in list(self._begun) for each in self._take_left(key)]

    def _ended_by(self, event: DurableEvent) -> list[Key]:
        """Steps that end at `event` without their own event: cancelled, or led to a question."""
        match event:
            case e.RunEnded() | e.Branched():
                return list(self._begun)
            case e.ModelCalled():
                return [key for key in self._begun if key[1] == "call_model"]
            case e.ToolCallChecked() | e.ToolCallStarted():
                return [key for key in self._begun if key == _key_of(event)]
            case _:
                return []

    def _take_left(self, key: Key, until: float = inf) -> list[Earlier]:
        begun = self._begun.pop(key)
        return [Earlier(begun, each.attempt, each) for each in self._take_failed(key, until)]

    def _take_failed(self, key: Key, until: float = inf) -> list[Attempt]:
        """Take the failed attempts of the activity that ended before `until`, each once. A key has
        two activities if the call waited for a person in between."""
        groups = self._found.get(key, [])
        early = [tries for tries in groups if tries[0].started < until]
        for tries in early:
            self._reported.add((key[0], tries[0].activity))
        groups[:] = [tries for tries in groups if tries not in early]
        return early[-1] if early else []


def weave_attempts(
    events: Iterable[DurableEvent], logged: Sequence[Attempt]
) -> Iterable[DurableEvent | Earlier]:
    """Insert the earlier attempts of each step right before the event that ends it."""
    attempts = Attempts(logged)
    for event in events:
        yield from attempts.take_before(event)
        yield event
    yield from attempts.take_open()


def _key_of(event: DurableEvent) -> Key | None:
    run_id = event.cursor.run_id if event.cursor else ""
    match event:
        case e.ModelCalled() | e.ModelReplied() | e.ModelFailed():
            return run_id, "call_model", event.turn, str(event.call)
        case e.ToolCallChecked() | e.ToolCallStarted() | e.ToolCallFinished():
            return run_id, "run_tool", event.turn, event.call_id
        case _:
            return None


def _count_attempts(event: DurableEvent) -> int:
    match event:
        case e.ModelReplied() | e.ModelFailed() | e.ToolCallFinished():
            return event.attempts
        case _:
            return 0
