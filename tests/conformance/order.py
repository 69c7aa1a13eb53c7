"""What may follow what in the events of a run: a state machine that every reader can rely on.

    order = Order()
    for event in events:
        order.feed(event)      # raises OutOfOrder
    order.close()              # the run is over, and nothing is left open

Fed with durable events alone (a trace) or with live ones between them (a stream).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from harness.contracts import event as e
from harness.contracts.run import TRANSITIONS, RunState

Call = tuple[int, int]


class OutOfOrder(AssertionError):
    pass


@dataclass
class _Now:
    """Where a run is after an event."""

    state: RunState = RunState.PENDING
    turn: int = 0
    call: Call = (0, -1)
    """The newest model call."""
    asking: bool = False
    """It has no reply yet."""
    final: bool = False
    """Its reply asked for no tool."""
    requested: dict[str, int] = field(default_factory=dict[str, int])
    """Open tool calls, with how often they may be started yet. Each ends with one finish event."""
    closing: str | None = None
    """The call whose result is the decision that was just made: its finish comes next."""
    children: dict[str, str] = field(default_factory=dict[str, str])
    """Calls of agents whose runs are open, by run."""
    waiting: set[str] = field(default_factory=set[str])
    unknown: set[str] = field(default_factory=set[str])
    """Calls of which a person is asked whether they have happened."""
    aborting: bool = False
    undoing: bool = False
    """It takes its effects back: what is left is to say so and to end."""
    over: bool = False
    budget: bool = False
    shown: str = ""
    attempt: int = 1
    gap: bool = False


@dataclass
class Order:
    now: _Now = field(default_factory=_Now)
    last: e.Cursor | None = None
    past: list[tuple[e.Cursor, _Now]] = field(default_factory=list[tuple[e.Cursor, _Now]])
    trace: str | None = None

    def feed(self, event: e.Event) -> None:
        self.trace = self.trace or event.trace
        self._must(event, event.trace == self.trace, "another trace")
        if isinstance(event, e.LIVE):
            self._must(event, not event.cursor, "a live event has no cursor")
        else:
            self._cursor(event)
        self._must(event, not self.now.over, "the run is over")
        self._must(
            event, not self.now.budget or isinstance(event, e.RunEnded), "the budget was reached"
        )
        first = self.now.state is RunState.PENDING
        self._must(event, not first or isinstance(event, e.RunStarted), "it has not started")
        closes = isinstance(event, e.ToolCallFinished) and event.call_id == self.now.closing
        self._must(event, self.now.closing is None or closes, "a decided call has no finish")
        rule = RULES.get(type(event))
        if rule is not None:
            rule(self, event)
        if event.cursor:
            self.past.append((event.cursor, copy.deepcopy(self.now)))

    def close(self) -> None:
        if not self.now.over:
            raise OutOfOrder(f"no run_ended; at the end: {self.now}")

    def _must(self, event: e.Event, holds: bool, why: str) -> None:
        if not holds:
            raise OutOfOrder(f"{event.type} at {event.cursor}: {why}; before it: {self.now}")

    def _cursor(self, event: e.DurableEvent) -> None:
        cursor = event.cursor
        self._must(event, cursor is not None, "a durable event has a cursor")
        assert cursor is not None
        if self.last is not None and self.last.run_id == cursor.run_id:
            rises = (self.last.event_id, self.last.place) < (cursor.event_id, cursor.place)
            self._must(event, rises, f"the cursor before it is {self.last}")
        elif self.last is not None:
            self._must(event, isinstance(event, e.RunStarted | e.Branched), "a new execution")
            seen = {before.run_id for before, _ in self.past}
            self._must(event, cursor.run_id not in seen, "back in an older execution")
        self.last = cursor

    # --- one rule a kind

    def _started(self, event: e.RunStarted) -> None:
        now = self.now
        fresh = now.state is RunState.PENDING
        self._must(event, fresh != bool(event.continued), "continued, or not?")
        held = {*now.waiting, *now.children.values()}
        under_way = [id for id, left in now.requested.items() if not left and id not in held]
        self._must(event, not now.asking and not under_way, "calls are under way")
        if fresh:
            now.state = RunState.RUNNING

    def _state(self, event: e.StateChanged) -> None:
        allowed = TRANSITIONS[self.now.state]
        self._must(event, event.state in allowed, f"{self.now.state} goes to {set(allowed)}")
        self.now.state = event.state

    def _called(self, event: e.ModelCalled) -> None:
        now = self.now
        self._must(event, not now.undoing, "it takes its effects back")
        self._must(event, not now.asking, "a model call is open")
        self._must(event, not now.requested, "tool calls are open")
        self._must(event, now.state is RunState.RUNNING, "it is not running")
        self._must(event, (event.turn, event.call) > now.call, "an old turn")
        now.turn, now.call, now.asking, now.final = (
            event.turn, (event.turn, event.call), True, False,
        )  # fmt: skip
        now.shown, now.attempt, now.gap = "", 1, False

    def _replied(self, event: e.ModelReplied) -> None:
        self._open(event)
        now = self.now
        now.asking = False
        now.final = not event.message.calls and not event.interrupted
        if now.shown or now.gap:  # a trace has no live text at all
            same = now.shown == event.message.text and not now.gap
            self._must(event, same, f"shown was {now.shown!r}, the reply is {event.message.text!r}")

    def _failed(self, event: e.ModelFailed) -> None:
        self._open(event)
        self.now.asking = False

    def _open(self, event: e.ModelReplied | e.ModelFailed) -> None:
        self._must(event, self.now.asking, "no model call is open")
        self._must(event, (event.turn, event.call) == self.now.call, "another call is open")

    def _requested(self, event: e.ToolCallRequested) -> None:
        now = self.now
        self._must(event, event.turn == now.turn and not now.asking, "no reply of this turn")
        self._must(event, event.call.id not in now.requested, "requested twice")
        now.requested[event.call.id] = 1

    def _tool_started(self, event: e.ToolCallStarted) -> None:
        left = self.now.requested.get(event.call_id, 0)
        self._must(event, left > 0, "not requested, or started before")
        self._must(event, event.call_id not in self.now.waiting, "it waits for a person")
        self.now.requested[event.call_id] = left - 1

    def _tool_checked(self, event: e.ToolCallChecked) -> None:
        self._must(event, self.now.requested.get(event.call_id) == 1, "not requested, or started")
        self._must(event, event.call_id not in self.now.waiting, "it waits for a person")
        self.now.requested[event.call_id] = 0

    def _tool_finished(self, event: e.ToolCallFinished) -> None:
        self._must(event, event.call_id in self.now.requested, "not requested, or finished before")
        self._must(event, event.unrun or event.call_id not in self.now.waiting, "it waits")
        self.now.closing = None
        del self.now.requested[event.call_id]
        self.now.waiting.discard(event.call_id)

    def _child_started(self, event: e.ChildStarted) -> None:
        if event.handover:
            self._must(event, not self.now.requested, "calls are under way beside the hand-over")
            self.now.final = True  # what the other agent says last is the last reply
        else:
            going = self.now.requested.get(event.call_id) == 0
            self._must(event, going, "its call is not under way")
        self.now.children[event.child] = event.call_id

    def _child_ended(self, event: e.ChildEnded) -> None:
        self._must(event, event.child in self.now.children, "no such child is open")
        del self.now.children[event.child]

    def _decision_requested(self, event: e.DecisionRequested) -> None:
        now = self.now
        escalated = event.ruling is not None and event.ruling.lapsed
        self._must(event, event.id not in now.waiting or bool(escalated), "asked twice")
        if event.need in ("budget", "store"):
            self._must(event, not now.asking and not now.requested, "between two steps only")
        else:
            self._must(event, event.id in now.requested, "no such call is open")
        now.waiting.add(event.id)
        (now.unknown.add if event.need == "outcome" else now.unknown.discard)(event.id)

    def _decision_made(self, event: e.DecisionMade) -> None:
        now = self.now
        self._must(event, event.id in now.waiting, "nobody was asked")
        assert event.id is not None
        now.waiting.discard(event.id)
        if event.id in now.requested:
            through = event.id in now.unknown  # what is said of it goes through the ledger
            if event.verdict == "reject" and (event.by or "").startswith("rule "):
                return  # a worker refuses the call
            if event.verdict == "reject" or (event.verdict == "answer" and not through):
                now.closing = event.id  # the decision is its result
            else:
                now.requested[event.id] += 1

    def _aborted(self, event: e.AbortRequested) -> None:
        self.now.aborting = True

    def _budget(self, event: e.BudgetReached) -> None:
        self.now.budget = True

    def _undo_started(self, event: e.UndoStarted) -> None:
        now = self.now
        self._must(event, not now.asking and not now.undoing, "it is at work, or undone already")
        now.undoing = True

    def _undone(self, event: e.EffectsUndone) -> None:
        self._must(event, self.now.undoing, "no undo was begun")
        self.now.undoing = False

    def _branched(self, event: e.Branched) -> None:
        """Back to where the branch leaves the execution it came from."""
        assert event.cursor is not None
        point = event.cursor.event_id
        known = [now for at, now in self.past if at.run_id == event.from_run_id]
        kept = [
            now for at, now in self.past if at.run_id == event.from_run_id and at.event_id < point
        ]
        self._must(event, bool(known), "it comes from an execution nobody saw")
        self.now = copy.deepcopy(kept[-1]) if kept else _Now(state=RunState.RUNNING)

    def _ended(self, event: e.RunEnded) -> None:
        now = self.now
        self._must(event, event.state.over, "not an end")
        self._must(event, not now.requested, "tool calls have no finish")
        if event.state is RunState.COMPLETED:
            settled = now.final and not now.requested and not now.waiting
            self._must(event, settled, "the last reply was not final")
        if event.state is RunState.ABORTED:
            self._must(event, now.aborting, "nobody asked for it")
        if event.state is RunState.FAILED:
            self._must(event, event.error is not None, "it does not say why")
        now.state, now.over, now.budget = event.state, True, False

    def _delta(self, event: e.OutputDelta) -> None:
        now = self._live(event)
        self._must(event, event.attempt == now.attempt or not now.shown, "two attempts mixed")
        now.attempt = event.attempt
        if now.gap:
            return
        self._must(event, event.offset == len(now.shown), f"{len(now.shown)} were shown")
        now.shown += event.text

    def _reset(self, event: e.OutputReset) -> None:
        now = self._live(event)
        self._must(event, event.attempt >= now.attempt, "an older attempt")
        now.shown, now.attempt, now.gap = "", event.attempt, False

    def _gap(self, event: e.OutputGap) -> None:
        self._live(event).gap = True

    def _attempt_failed(self, event: e.AttemptFailed) -> None:
        self._must(event, self.now.asking or bool(self.now.requested), "no call is open")

    def _live(self, event: e.OutputDelta | e.OutputReset | e.OutputGap) -> _Now:
        self._must(event, self.now.asking, "no model call is open")
        self._must(event, (event.turn, event.call) == self.now.call, "another call is open")
        return self.now


RULES: dict[type[Any], Callable[[Order, Any], None]] = {
    e.RunStarted: Order._started,
    e.StateChanged: Order._state,
    e.ModelCalled: Order._called,
    e.ModelReplied: Order._replied,
    e.ModelFailed: Order._failed,
    e.ToolCallRequested: Order._requested,
    e.ToolCallChecked: Order._tool_checked,
    e.ToolCallStarted: Order._tool_started,
    e.ToolCallFinished: Order._tool_finished,
    e.ChildStarted: Order._child_started,
    e.ChildEnded: Order._child_ended,
    e.DecisionRequested: Order._decision_requested,
    e.DecisionMade: Order._decision_made,
    e.AbortRequested: Order._aborted,
    e.BudgetReached: Order._budget,
    e.UndoStarted: Order._undo_started,
    e.EffectsUndone: Order._undone,
    e.Branched: Order._branched,
    e.RunEnded: Order._ended,
    e.OutputDelta: Order._delta,
    e.OutputReset: Order._reset,
    e.OutputGap: Order._gap,
    e.AttemptFailed: Order._attempt_failed,
}


def check_order(events: Iterable[e.Event], *, ended: bool = True) -> None:
    order = Order()
    for event in events:
        order.feed(event)
    if ended:
        order.close()
