"""The state of a run between its steps, and the changes that signals make to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from temporalio import workflow

from harness.contracts.message import Message, ToolCall, ToolResult, user_message
from harness.contracts.model import Compacted, ModelTurn
from harness.contracts.permit import Started
from harness.contracts.run import (
    Budget,
    Carry,
    Held,
    OpenChild,
    Pending,
    RunEnd,
    RunSpec,
    RunState,
    Sent,
    Totals,
)
from harness.contracts.steering import Decide, Hint, HintRoom
from harness.contracts.tool import RunTool, ToolOutcome
from harness.contracts.whatif import call_key

SAME_SCALE = 0.1
MAX_SIGNALS = 2_000
"""Most signals in one execution; a wait then continues in the next one. A worker that takes over
the run reads all of them before it can answer, and Temporal accepts at most 10,000."""


@dataclass
class RunProgress:
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
    """Text of the newest reply, for runs that end early."""
    hints: list[str] = field(default_factory=list[str])
    room: HintRoom = field(default_factory=HintRoom)
    paused: bool = False
    aborted: str | None = None
    by: str | None = None
    """Who paused or aborted it, for the card."""
    undo: bool = False
    """The abort asked for the effects to be undone."""
    cancelled: bool = False
    """The abort came as Temporal's own Cancel, and the run closes as Canceled."""
    mends: int = 0
    """Invalid replies in a row."""
    invalid: bool = False
    """The newest reply had a call that the model must correct."""
    context: int | None = None
    """Tokens of the last model call, if the conversation is to be summarized."""
    compact_over: int | None = None
    """Tokens over which it is summarized next, if not those of the policy."""
    scale: float | None = None
    """Tokens that the provider counts for each estimated one."""
    sent: list[Sent] = field(default_factory=list[Sent])
    """Nodes after `saved`, oldest first."""
    saved: str | None = None
    """The newest node known to be durable."""
    calls: tuple[ToolCall, ...] = ()
    """Calls of the newest reply whose results the model has not read yet."""
    results: dict[str, ToolResult] = field(default_factory=dict[str, ToolResult])
    signatures: dict[str, str] = field(default_factory=dict[str, str])
    """MACs of the newest reply's calls, by their ids."""
    pending: dict[str, Pending] = field(default_factory=dict[str, Pending])
    held: dict[str, Held] = field(default_factory=dict[str, Held])
    """Calls that wait for a person."""
    decided: dict[str, Decide] = field(default_factory=dict[str, Decide])
    model_call: workflow.ActivityHandle[ModelTurn] | None = None
    """The call in flight, so that a signal can cancel it."""
    function: workflow.ActivityHandle[Any] | None = None
    """A call of the agent's own function in flight."""
    tool_calls: list[workflow.ActivityHandle[ToolOutcome]] = field(
        default_factory=list[workflow.ActivityHandle[ToolOutcome]]
    )
    finishing: str | None = None
    """Which budget was reached, if the next turn is the last one because of it."""
    recheck: bool = False
    """The run waits for a shared budget: a fresh history tries the call before it asks again."""
    played: dict[str, int] = field(default_factory=dict[str, int])
    """In a what-if: how often each call has been made, by its key."""
    children: dict[str, OpenChild] = field(default_factory=dict[str, OpenChild])
    """Children that have not ended, by call."""
    started_children: int = 0
    handover: RunTool | None = None
    """The call by which the model handed the conversation over."""
    handed: RunEnd | None = None
    """How the run ended that took over."""
    handed_to: str | None = None
    """That run."""
    stopping: dict[str, str] = field(default_factory=dict[str, str])
    """Why children are to end, by their runs."""
    signals: int = 0
    """Received in this execution."""
    refusal: str | None = None
    """The newest refused signal, for the card."""

    def request_abort(self, reason: str, *, undo: bool = False, by: str | None = None) -> None:
        if self.aborted is None:
            self.aborted, self.by = reason, by
        self.undo = self.undo or undo
        if self.model_call:
            self.model_call.cancel()
        if self.function:
            self.function.cancel()
        for handle in self.tool_calls:
            handle.cancel()

    def request_pause(self, by: str | None) -> None:
        self.paused = True
        if self.aborted is None:
            self.by = by

    def add_hint(self, hint: Hint) -> None:
        """Keep a hint for the next model call; raises SteeringError if too many are waiting."""
        if self.spec.bounded:
            self.room.take(hint.text)
        self.hints.append(hint.text)
        if hint.interrupt and self.model_call:
            self.model_call.cancel()

    def count_repeat(self, call: ToolCall) -> int | None:
        """In a what-if: return the position among equal calls of the run; None for the first."""
        if self.spec.playback is None:
            return None
        key = call_key(call.name, call.arguments)
        self.played[key] = nth = self.played.get(key, 0) + 1
        return nth if nth > 1 else None

    def get_proof_of_start(self) -> Started | None:
        """Return the proof for the run's first model call, so that its worker need not ask
        Temporal."""
        first = self.totals.turns == 1 and self.origin == workflow.info().run_id
        return self.spec.started if first else None

    def take_hints(self) -> None:
        self.messages.extend(user_message(text, origin="hint") for text in self.hints)
        self.hints.clear()
        self.room = HintRoom()

    @property
    def needs_fresh_history(self) -> bool:
        """Whether a wait should continue in a fresh history, which a call in progress prevents."""
        return (
            self.spec.bounded is True
            and (workflow.info().is_continue_as_new_suggested() or self.signals >= MAX_SIGNALS)
            and self.model_call is None
            and not self.tool_calls
        )

    def add_reply(self, turn: ModelTurn, sent: tuple[Message, ...]) -> None:
        """Add a reply: the transcript has a new head."""
        self.head = turn.head
        self.messages.clear()
        ids = [call.id for call in turn.message.calls]
        self.signatures = dict(zip(ids, turn.signatures or (), strict=False))
        said = (turn.message,) if turn.message.parts else ()
        self.sent.append(Sent(head=turn.head, messages=(*sent, *said)))
        if turn.saved:
            self.mark_saved(turn.saved)
        self.totals = self.totals.plus(usage=turn.usage, cost_micros=turn.cost_micros, cut=turn.cut)
        self.correct_scale(turn.scale)
        if self.spec.compaction is not None:
            self.context = turn.usage.total
        if turn.message.text:
            self.reply = turn.message.text

    def correct_scale(self, measured: float | None) -> None:
        """Take a measured scale if it differs: each change moves the cut of the conversation, and
        what a provider has cached before it is lost."""
        before = self.scale
        if measured and (before is None or abs(measured - before) > SAME_SCALE * before):
            self.scale = measured

    def add_compaction(self, made: Compacted) -> None:
        """Continue from what stands for the conversation. It is durable, and so is all before."""
        self.totals = self.totals.plus(usage=made.usage, cost_micros=made.cost_micros)
        if made.head is not None:
            self.head = self.saved = made.head
            self.sent.clear()
        self.context = made.after
        self.postpone_compaction(made.after)

    def postpone_compaction(self, tokens: int) -> None:
        """Summarize again only once the conversation has grown: pinned messages may fill it."""
        policy = self.spec.compaction
        self.compact_over = max(policy.at, tokens + tokens // 4) if policy else None

    def mark_saved(self, head: str) -> None:
        for place, node in enumerate(self.sent):
            if node.head == head:
                del self.sent[: place + 1]
                self.saved = head
                return

    def requeue_unsaved(
        self, messages: tuple[Message, ...]
    ) -> tuple[str | None, tuple[Message, ...]]:
        """Return the head to continue from and the messages to resend when an unsaved node is
        lost."""
        held = tuple(message for node in self.sent for message in node.messages)
        self.sent.clear()
        self.head = self.saved
        return self.saved, (*held, *messages)

    def carry_over(self) -> RunSpec:
        """Return the input of the next execution of this run."""
        bounded = self.spec.bounded
        old_hints = (
            () if bounded else tuple(user_message(text, origin="hint") for text in self.hints)
        )
        carry = Carry(
            origin=self.origin,
            started=self.started,
            turn=self.turn,
            totals=self.totals,
            head=self.head,
            messages=(*self.messages, *old_hints),
            budget=self.budget,
            paused=True if self.paused else None,
            mends=self.mends or None,
            scale=self.scale,
            context=self.context,
            compact_over=self.compact_over,
            aborted=self.aborted,
            undo=True if self.undo else None,
            reply=self.reply or None,
            played=self.played or None,
            state=None if self.state is RunState.RUNNING else self.state,
            hints=tuple(self.hints) or None if bounded else None,
            calls=self.calls or None,
            results=dict(self.results) or None,
            invalid=True if self.calls and self.invalid else None,
            held={id: self._with_origin(each) for id, each in self.held.items()} or None,
            signatures=self.signatures or None if self.calls else None,
            asked=tuple(self.pending) or None,
            # What the store lacked may be back: the next execution checks before it asks.
            pending=tuple(p for p in self.pending.values() if self._is_kept(p)) or None,
            finishing=self.finishing,
            handover=self.handover and self.handover.model_copy(update={"origin": self.origin}),
            decided=dict(self.decided) or None,
            by=self.by if self.paused or self.aborted else None,
            children={id: self._rooted(each) for id, each in self.children.items()} or None,
            started_children=self.started_children or None,
        )
        return self.spec.model_copy(update={"carry": carry})

    def _is_kept(self, pending: Pending) -> bool:
        return pending.need != "store" and not (pending.need == "budget" and self.recheck)

    def _with_origin(self, held: Held) -> Held:
        """Set the chain's first run id: the next execution has a run id of its own, but the key of
        the call must stay the same."""
        request = held.request.model_copy(update={"origin": self.origin})
        return held.model_copy(update={"request": request})

    def _rooted(self, child: OpenChild) -> OpenChild:
        request = child.request.model_copy(update={"origin": self.origin})
        return child.model_copy(update={"request": request})


def restore_progress(spec: RunSpec) -> RunProgress:
    """Return the progress with which a run starts, or continues in a fresh history."""
    carry = spec.carry
    if carry is None:
        info = workflow.info()
        return RunProgress(
            spec=spec,
            origin=info.first_execution_run_id,
            started=workflow.time(),
            head=spec.head,
            saved=spec.head,
            messages=list(spec.messages),
            budget=spec.budget,
            turn=spec.parent.turn if spec.parent else 0,
        )
    progress = RunProgress(
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
        scale=carry.scale,
        context=carry.context,
        compact_over=carry.compact_over,
        aborted=carry.aborted,
        by=carry.by,
        undo=bool(carry.undo),
        reply=carry.reply or "",
        played=dict(carry.played or {}),
        state=carry.state or RunState.RUNNING,
        calls=carry.calls or (),
        results=dict(carry.results or {}),
        invalid=bool(carry.invalid),
        held=dict(carry.held or {}),
        signatures=dict(carry.signatures or {}),
        pending={} if carry.aborted else {each.id: each for each in carry.pending or ()},
        decided=dict(carry.decided or {}),
        children=dict(carry.children or {}),
        started_children=carry.started_children or 0,
        finishing=carry.finishing,
        handover=carry.handover,
    )
    for text in carry.hints or ():
        progress.add_hint(Hint(text=text))
    return progress
