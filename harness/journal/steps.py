"""A run's events folded into what took time: model calls, tool calls, waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from harness.contracts import event as e
from harness.contracts.event import DurableEvent
from harness.contracts.run import RunState

Kind = Literal["model", "tool", "wait", "pause"]


@dataclass
class Step:
    kind: Kind
    name: str
    turn: int
    start: float
    end: float | None = None
    """None while it goes on."""
    queued: float = 0.0
    """Seconds until a worker began its last attempt."""
    attempts: int = 1
    ok: bool = True


@dataclass
class _Fold:
    steps: list[Step] = field(default_factory=list[Step])
    open: dict[str, Step] = field(default_factory=dict[str, Step])
    turn: int = 0

    def begin(self, key: str, step: Step) -> None:
        self.open[key] = step
        self.steps.append(step)

    def end(self, key: str, at: float) -> Step | None:
        step = self.open.pop(key, None)
        if step is not None:
            step.end = at
        return step

    def end_all(self, at: float) -> None:
        for key in list(self.open):
            self.end(key, at)


def steps(events: Iterable[DurableEvent]) -> list[Step]:
    """In the order in which they began."""
    fold = _Fold()
    for event in events:
        match event:
            case e.ModelCalled() | e.ModelReplied() | e.ModelFailed():
                _model(fold, event)
            case e.ToolCallStarted() | e.ToolCallFinished():
                _tool(fold, event)
            case e.DecisionRequested() | e.DecisionMade() | e.StateChanged():
                _waits(fold, event)
            case e.RunEnded() | e.Branched():
                fold.end_all(event.at)
            case _:
                pass
    return fold.steps


def _model(fold: _Fold, event: e.ModelCalled | e.ModelReplied | e.ModelFailed) -> None:
    if isinstance(event, e.ModelCalled):
        fold.end("model", event.at)
        fold.turn = event.turn
        fold.begin("model", Step("model", event.model, event.turn, event.at))
        return
    step = fold.end("model", event.at)
    if step is None:
        return
    step.attempts = event.attempts
    if isinstance(event, e.ModelFailed):
        step.ok = False
    else:
        step.name, step.queued = event.model, (event.queued_ms or 0) / 1e3


def _tool(fold: _Fold, event: e.ToolCallStarted | e.ToolCallFinished) -> None:
    key = f"tool {event.call_id}"
    if isinstance(event, e.ToolCallStarted):
        fold.end(key, event.at)  # a call that waited for a person starts again
        fold.begin(key, Step("tool", event.name, event.turn, event.at))
        return
    step = fold.end(key, event.at)
    if step is None:  # inline: recorded once, at its end
        start = event.at - (event.ms or 0) / 1e3
        step = Step("tool", event.name, event.turn, start, event.at)
        fold.steps.append(step)
    step.ok, step.attempts, step.queued = event.ok, event.attempts, (event.queued_ms or 0) / 1e3


def _waits(fold: _Fold, event: e.DecisionRequested | e.DecisionMade | e.StateChanged) -> None:
    if isinstance(event, e.DecisionRequested):
        fold.end(f"tool {event.id}", event.at)
        name = f"{event.tool or 'budget'}: {event.need}"
        fold.begin(f"wait {event.id}", Step("wait", name, event.turn, event.at))
    elif isinstance(event, e.DecisionMade):
        fold.end(f"wait {event.id}", event.at)
    elif event.state is RunState.PAUSED:
        fold.begin("pause", Step("pause", "paused", fold.turn, event.at))
    else:
        fold.end("pause", event.at)
