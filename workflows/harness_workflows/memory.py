"""What a run remembers between its steps, and the small changes that signals make to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from temporalio import workflow

from harness.contracts.message import Message, ToolCall, ToolResult, user
from harness.contracts.model import ModelTurn
from harness.contracts.run import Budget, Carry, Pending, RunSpec, RunState, Sent, Totals
from harness.contracts.steering import Decide
from harness.contracts.tool import ToolOutcome
from harness.contracts.whatif import call_key


@dataclass
class Memory:
    spec: RunSpec
    origin: str
    """First run id of the chain of executions."""
    started: float
    head: str | None
    messages: list[Message]
    """New since `head`, to be sent with the next model call."""
    budget: Budget
    totals: Totals = field(default_factory=Totals)
    turn: int = 0
    state: RunState = RunState.RUNNING
    doing: str = "starting"
    reply: str = ""
    """Text of the newest reply: what there is so far when a run is cut short."""
    hints: list[str] = field(default_factory=list[str])
    paused: bool = False
    aborted: str | None = None
    undo: bool = False
    """Whoever aborted it wants its effects taken back."""
    cancelled: bool = False
    """The abort came as Temporal's own Cancel, and the run closes as Canceled."""
    mends: int = 0
    """Invalid replies in a row."""
    invalid: bool = False
    """The newest reply had a call that the model must mend."""
    sent: list[Sent] = field(default_factory=list[Sent])
    """Nodes after `saved`, oldest first."""
    saved: str | None = None
    """The newest node known to be durable."""
    calls: tuple[ToolCall, ...] = ()
    """Calls of the newest reply that the model has no results of yet."""
    results: dict[str, ToolResult] = field(default_factory=dict[str, ToolResult])
    pending: dict[str, Pending] = field(default_factory=dict[str, Pending])
    decided: dict[str, Decide] = field(default_factory=dict[str, Decide])
    model_call: workflow.ActivityHandle[ModelTurn] | None = None
    """The call in flight, so that a signal can cancel it."""
    tool_calls: list[workflow.ActivityHandle[ToolOutcome]] = field(
        default_factory=list[workflow.ActivityHandle[ToolOutcome]]
    )
    played: dict[str, int] = field(default_factory=dict[str, int])
    """In a what-if: how often each call has been made, by its key."""
    refusal: str | None = None
    """The newest signal that could not be understood, for the card."""

    def abort(self, reason: str, *, undo: bool = False) -> None:
        if self.aborted is None:
            self.aborted = reason
        self.undo = self.undo or undo
        if self.model_call:
            self.model_call.cancel()
        for handle in self.tool_calls:
            handle.cancel()

    def hint(self, text: str, *, interrupt: bool) -> None:
        self.hints.append(text)
        if interrupt and self.model_call:
            self.model_call.cancel()

    def nth(self, call: ToolCall) -> int | None:
        """In a what-if: which one this is among equal calls of the run; None for the first."""
        if self.spec.playback is None:
            return None
        key = call_key(call.name, call.arguments)
        self.played[key] = nth = self.played.get(key, 0) + 1
        return nth if nth > 1 else None

    def take_hints(self) -> None:
        self.messages.extend(user(text, origin="hint") for text in self.hints)
        self.hints.clear()

    def took(self, turn: ModelTurn, sent: tuple[Message, ...]) -> None:
        """A reply has come: the transcript has a new head."""
        self.head = turn.head
        self.messages.clear()
        said = (turn.message,) if turn.message.parts else ()
        self.sent.append(Sent(head=turn.head, messages=(*sent, *said)))
        if turn.saved:
            self.mark_saved(turn.saved)
        self.totals = self.totals.plus(usage=turn.usage, cost_micros=turn.cost_micros)
        if turn.message.text:
            self.reply = turn.message.text

    def mark_saved(self, head: str) -> None:
        for place, node in enumerate(self.sent):
            if node.head == head:
                del self.sent[: place + 1]
                self.saved = head
                return

    def resend(self, messages: tuple[Message, ...]) -> tuple[str | None, tuple[Message, ...]]:
        """Where to start from and what to send when a node that was not durable is gone."""
        held = tuple(message for node in self.sent for message in node.messages)
        self.sent.clear()
        self.head = self.saved
        return self.saved, (*held, *messages)

    def carried(self) -> RunSpec:
        """The input of the next execution of this run."""
        carry = Carry(
            origin=self.origin,
            started=self.started,
            turn=self.turn,
            totals=self.totals,
            head=self.head,
            messages=tuple(self.messages) + tuple(user(t, origin="hint") for t in self.hints),
            budget=self.budget,
            paused=True if self.paused else None,
            mends=self.mends or None,
            aborted=self.aborted,
            undo=True if self.undo else None,
            reply=self.reply or None,
            played=self.played or None,
        )
        return self.spec.model_copy(update={"carry": carry})


def remember(spec: RunSpec) -> Memory:
    """The memory a run starts with, or goes on with in a fresh history."""
    carry = spec.carry
    if carry is None:
        info = workflow.info()
        return Memory(
            spec=spec,
            origin=info.first_execution_run_id,
            started=workflow.time(),
            head=spec.head,
            saved=spec.head,
            messages=list(spec.messages),
            budget=spec.budget,
            turn=spec.parent.turn if spec.parent else 0,
        )
    return Memory(
        spec=spec,
        origin=carry.origin,
        started=carry.started,
        head=carry.head,
        saved=carry.head,
        messages=list(carry.messages),
        budget=carry.budget,
        totals=carry.totals,
        turn=carry.turn,
        paused=bool(carry.paused),
        mends=carry.mends or 0,
        aborted=carry.aborted,
        undo=bool(carry.undo),
        reply=carry.reply or "",
        played=dict(carry.played or {}),
    )
