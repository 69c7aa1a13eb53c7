"""Fold a run's events into steps that took time: model calls, tool calls, waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.contracts import event as e
from harness.contracts.attempt import Attempt
from harness.contracts.event import DurableEvent
from harness.contracts.run import RunState
from harness.journal.attempts import Earlier, weave_attempts

Kind = Literal["model", "tool", "check", "wait", "pause"]
"""`check`: a worker determined that a person must decide. Nothing was called."""


@dataclass
class Step:
    kind: Kind
    name: str
    turn: int
    start: float
    end: float | None = None
    """None while it runs."""
    queued: float = 0.0
    """Seconds until a worker started its last attempt."""
    first: float | None = None
    """Seconds from the request to the first token."""
    attempts: int = 1
    ok: bool = True
    tokens: int | None = None
    cost_micros: int | None = None
    who: str | None = None
    """The person who decided, if it waited for one."""
    worker: str | None = None
    """The process that ran its last attempt."""
    build: str | None = None
    """The build of that process."""
    left: bool = False
    """A reset dropped it: it is not part of the current branch."""
    number: int = 0
    """Number of its first event, from 1."""
    last: int = 0
    """Number of its last event; 0 while it runs."""
    arguments: dict[str, Any] | str | None = None
    """Arguments of the call, or of the call to decide about."""
    earlier: list[Earlier] = field(default_factory=list[Earlier])
    """Failed attempts before the last one, from the attempt log, not from history."""

    def as_data(self) -> dict[str, Any]:
        """Everything but the attempts, as plain data."""
        return {key: value for key, value in vars(self).items() if key != "earlier"}


@dataclass
class _Begun:
    """A step of this execution, or of its base, by positions in history."""

    key: str
    step: Step
    began: int
    ended: int = 0


@dataclass
class _Fold:
    steps: list[Step] = field(default_factory=list[Step])
    open: dict[str, _Begun] = field(default_factory=dict[str, _Begun])
    begun: list[_Begun] = field(default_factory=list[_Begun])
    turn: int = 0
    number: int = 0
    place: int = 0
    earlier: list[Earlier] = field(default_factory=list[Earlier])
    """Attempts of the step that ends next."""
    calls: dict[str, dict[str, Any] | str] = field(
        default_factory=dict[str, "dict[str, Any] | str"]
    )
    """Arguments of calls not yet handed to a worker, by call id."""

    def begin(self, key: str, step: Step) -> None:
        self.open[key] = self.add(key, step)

    def add(self, key: str, step: Step) -> _Begun:
        step.number = self.number
        self.steps.append(step)
        self.begun.append(_Begun(key, step, self.place, self.place if step.end else 0))
        return self.begun[-1]

    def end(self, key: str, at: float) -> Step | None:
        found = self.open.pop(key, None)
        if found is None:
            return None
        found.step.end, found.ended, found.step.last = at, self.place, self.number
        return found.step

    def end_all(self, at: float) -> None:
        for key in list(self.open):
            self.end(key, at)

    def branch(self, event: e.Branched) -> None:
        """Drop steps that began after the branch point; reopen those that only ended after it."""
        self.end_all(event.at)
        kept = [each for each in self.begun if each.began < self.place]
        for each in self.begun:
            each.step.left = each.step.left or each.ended >= self.place
        self.begun = [each for each in kept if each.ended < self.place]
        for each in kept:
            if each.ended >= self.place:
                again = Step(each.step.kind, each.step.name, each.step.turn, event.at)
                again.arguments = each.step.arguments
                self.begin(each.key, again)


def list_steps(events: Iterable[DurableEvent], attempts: Sequence[Attempt] = ()) -> list[Step]:
    """List the steps in the order in which they began."""
    fold = _Fold()
    for event in weave_attempts(events, attempts):
        if isinstance(event, Earlier):
            _add_earlier(fold, event)
            continue
        fold.number += 1
        fold.place = event.cursor.event_id if event.cursor else 0
        match event:
            case e.ModelCalled() | e.ModelReplied() | e.ModelFailed():
                _fold_model(fold, event)
            case e.ToolCallRequested():
                fold.calls[event.call.id] = event.call.arguments
            case e.ToolCallChecked() | e.ToolCallStarted() | e.ToolCallFinished():
                _fold_tool(fold, event)
            case e.DecisionRequested() | e.DecisionMade() | e.StateChanged():
                _fold_wait(fold, event)
            case e.RunStarted():
                fold.begun.clear()
            case e.Branched():
                fold.branch(event)
            case e.RunEnded():
                fold.end_all(event.at)
            case _:
                pass
        fold.earlier.clear()
    return fold.steps


def _add_earlier(fold: _Fold, told: Earlier) -> None:
    """Add an attempt to its step: to the one that ends next, or to an open one."""
    if isinstance(told.step, e.ModelCalled | e.ToolCallChecked | e.ToolCallStarted):
        number = 0 if told.step.cursor is None else told.step.cursor.event_id
        for each in reversed(fold.begun):
            if each.began == number:
                each.step.earlier.append(told)
                return
    fold.earlier.append(told)


def _fold_model(fold: _Fold, event: e.ModelCalled | e.ModelReplied | e.ModelFailed) -> None:
    if isinstance(event, e.ModelCalled):
        fold.end("model", event.at)
        fold.turn = event.turn
        fold.begin("model", Step("model", event.model, event.turn, event.at))
        return
    step = fold.end("model", event.at)
    if step is None:
        return
    step.attempts = event.attempts
    step.earlier += fold.earlier
    _set_worker(step, event.worker)
    if isinstance(event, e.ModelFailed):
        step.ok = False
        return
    step.name, step.queued = event.model, _queued_seconds(step, event.queued_ms, event.ms)
    step.first = None if event.first_ms is None else event.first_ms / 1e3
    step.tokens, step.cost_micros = event.usage.total, event.cost_micros


def _fold_tool(
    fold: _Fold, event: e.ToolCallChecked | e.ToolCallStarted | e.ToolCallFinished
) -> None:
    key = f"tool {event.call_id}"
    if not isinstance(event, e.ToolCallFinished):
        fold.end(key, event.at)  # a call that waited for a person starts again
        kind = "check" if isinstance(event, e.ToolCallChecked) else "tool"
        fold.begin(key, Step(kind, event.name, event.turn, event.at, arguments=event.arguments))
        return
    asked = fold.calls.pop(event.call_id, None)
    step = fold.end(key, event.at)
    if step is None and not _was_called(event):
        return
    if step is None:  # inline: recorded once, at its end
        start = event.at - (event.ms or 0) / 1e3
        step = Step("tool", event.name, event.turn, start, event.at, arguments=asked)
        step.last = fold.number
        fold.add(key, step)
    step.kind = "tool"
    step.ok, step.attempts = event.ok, max(1, event.attempts)
    step.queued = _queued_seconds(step, event.queued_ms, event.ms)
    step.earlier += fold.earlier
    _set_worker(step, event.worker)


def _set_worker(step: Step, worker: e.Worker | None) -> None:
    if worker is not None:
        step.worker, step.build = worker.name, worker.build


def _was_called(event: e.ToolCallFinished) -> bool:
    """Whether the tool was called, as opposed to a person's answer or the end of the run."""
    decided = event.decided
    answered = decided is not None and decided.need == "outcome" and decided.verdict == "answer"
    return bool(event.attempts) and not answered


def _queued_seconds(step: Step, queued_ms: float | None, ms: float | None) -> float:
    """Seconds in the queue, within the step: a reopened call was queued before its branch."""
    took = (step.end or step.start) - step.start
    return max(0.0, min((queued_ms or 0) / 1e3, took - (ms or 0) / 1e3))


def _fold_wait(fold: _Fold, event: e.DecisionRequested | e.DecisionMade | e.StateChanged) -> None:
    if isinstance(event, e.DecisionRequested):
        step = fold.end(f"tool {event.id}", event.at)
        if step is not None and event.need == "outcome":
            step.ok = False  # the call was made, but its result is unknown
        elif step is not None:
            step.kind = "check"
        fold.end(f"wait {event.id}", event.at)  # others are asked
        name = f"{event.tool or 'budget'}: {event.need}"
        wait = Step("wait", name, event.turn, event.at, arguments=event.arguments)
        fold.begin(f"wait {event.id}", wait)
    elif isinstance(event, e.DecisionMade):
        step = fold.end(f"wait {event.id}", event.at)
        if step is not None:
            step.who = event.by
    elif event.state is RunState.PAUSED:
        fold.begin("pause", Step("pause", "paused", fold.turn, event.at))
    else:
        fold.end("pause", event.at)
