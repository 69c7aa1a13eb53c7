"""The events of a run, in order, as every reader sees them.

Durable events are a projection of Temporal's history and carry a cursor into it. Live ones
(`LIVE`) come from workers while a call is under way; they have no cursor, may be missed, and never
contradict what history says later.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from harness.contracts.base import Flag
from harness.contracts.child_event import ChildEnded as ChildEnded
from harness.contracts.child_event import ChildStarted as ChildStarted
from harness.contracts.context_event import CompactionFailed as CompactionFailed
from harness.contracts.context_event import ContextCompacted as ContextCompacted
from harness.contracts.effect import Undone
from harness.contracts.errors import ErrorInfo
from harness.contracts.event_base import Cursor as Cursor
from harness.contracts.event_base import EventBase, Worker
from harness.contracts.gate import GateVerdict
from harness.contracts.live_event import LIVE as LIVE
from harness.contracts.live_event import AttemptFailed as AttemptFailed
from harness.contracts.live_event import LiveEvent
from harness.contracts.live_event import OutputDelta as OutputDelta
from harness.contracts.live_event import OutputGap as OutputGap
from harness.contracts.live_event import OutputReset as OutputReset
from harness.contracts.live_event import ToolProgress as ToolProgress
from harness.contracts.message import Message, ToolCall
from harness.contracts.model import Fallback, Interrupted, Usage
from harness.contracts.prompt import PinnedPrompt
from harness.contracts.ruling import Remember, Ruling
from harness.contracts.run import Parent, RunState, Totals
from harness.contracts.steering import Decided, Verdict
from harness.contracts.subagent import CalledBy
from harness.contracts.tool import Effect, Need
from harness.contracts.verdicts import Asked


class RunStarted(EventBase):
    """The run began, or continued in a fresh history (`continued`)."""

    type: Literal["run_started"] = "run_started"
    agent: str
    model: str
    prompt: str
    session: str | None = None
    parent: Parent | None = None
    """Set if the run is a fork: the run and the turn that it continues from."""
    whatif: Flag = None
    """Its tools do not run: results recorded by other runs are played back."""
    by: str | None = None
    """Who started the run."""
    owner: str | None = None
    """The user who owns the run, if any."""
    continued: Flag = None
    """The same run continues in a fresh history."""
    template: PinnedPrompt | None = None
    """The version of a prompt template that made the prompt, with the values of its variables."""
    called_by: CalledBy | None = None
    """The tool call that started the run, if an agent called this one as a tool."""


class StateChanged(EventBase):
    """The run waits, is paused, or runs again."""

    type: Literal["state_changed"] = "state_changed"
    state: RunState


class ModelCalled(EventBase):
    """A model call was handed to a worker. A call with the same turn and a higher `call` replaces
    the previous one."""

    type: Literal["model_called"] = "model_called"
    turn: int
    call: int
    """0, or the number of the repetition of this turn's call."""
    model: str
    messages: tuple[Message, ...]
    """Messages that are new to the model with this call."""
    head: str | None = None
    """The transcript node that they follow."""
    scale: float | None = None
    """Tokens that the provider counts for each estimated one, if the context policy counts them."""


class ModelReplied(EventBase):
    """The model answered. `message` is the full reply; it takes precedence over streamed text."""

    type: Literal["model_replied"] = "model_replied"
    turn: int
    call: int
    model: str
    message: Message
    usage: Usage
    cost_micros: int | None = None
    """Millionths of a US dollar; absent if the price is unknown."""
    queued_ms: float | None = None
    """From the scheduling of the call to the start of its last attempt."""
    first_ms: float | None = None
    """From the request to the first token."""
    ms: float
    """From the request to the last token."""
    attempts: int
    last_failure: str | None = None
    """Why the attempt before the last one failed; Temporal keeps no earlier failures."""
    fallbacks: tuple[Fallback, ...] | None = None
    """Models of the plan that were skipped before this one."""
    dropped: int | None = None
    """Messages that the context policy left out."""
    cleared: int | None = None
    """Messages with tool results that the context policy replaced by stubs."""
    interrupted: Flag = None
    """The call was cancelled; `message` is what had arrived by then."""
    cut: Interrupted | None = None
    """Estimated cost of interrupted attempts; not in `cost_micros`."""
    recovered: Flag = None
    """This is the answer to an earlier attempt, which was already paid for."""
    truncated: Flag = None
    """It was cut off at the model's output limit."""
    gates: tuple[GateVerdict, ...] | None = None
    """What gates decided about the request and the reply, except that they may pass."""
    head: str
    """The transcript node of the reply."""
    worker: Worker | None = None


class ModelFailed(EventBase):
    """A model call failed for good: after its last attempt, or with a final error."""

    type: Literal["model_failed"] = "model_failed"
    turn: int
    call: int
    attempts: int
    error: ErrorInfo
    worker: Worker | None = None
    """The worker of the last attempt."""


class ToolCallRequested(EventBase):
    """The model asks for a tool. One event per call, in the order of the reply."""

    type: Literal["tool_call_requested"] = "tool_call_requested"
    turn: int
    call: ToolCall


class ToolCallChecked(EventBase):
    """A worker checks whether a person must approve the call. If not, it runs the call at once and
    `tool_call_finished` follows."""

    type: Literal["tool_call_checked"] = "tool_call_checked"
    turn: int
    call_id: str
    name: str
    arguments: dict[str, Any] | str


class ToolCallStarted(EventBase):
    """The call was handed to a worker to run. Inline tools have no such event: Temporal writes a
    single entry for them."""

    type: Literal["tool_call_started"] = "tool_call_started"
    turn: int
    call_id: str
    name: str
    arguments: dict[str, Any] | str
    edited: Flag = None
    """A person changed the arguments."""


class ToolCallFinished(EventBase):
    """The end of a call, exactly one for each `tool_call_requested`: a result of the tool or of a
    person, an error that the model sees, or the end of the run (`unrun`)."""

    type: Literal["tool_call_finished"] = "tool_call_finished"
    turn: int
    call_id: str
    name: str
    content: str
    """What the model reads as the result."""
    ok: bool
    played: Flag = None
    """The result was played back from a record: the tool did not run."""
    artifact: str | None = None
    """The full result, if it was too long to show."""
    untrusted: Flag = None
    """The content comes from outside, so that anyone may have written it."""
    gates: tuple[GateVerdict, ...] | None = None
    """What gates decided about the call and its result, except that it may pass."""
    error: ErrorInfo | None = None
    queued_ms: float | None = None
    """From the scheduling of the call to the start of its last attempt."""
    ms: float | None = None
    attempts: int
    last_failure: str | None = None
    decided: Decided | None = None
    """The last decision of a person about this call."""
    ruling: Ruling | None = None
    """The rule of a policy that decided about the call."""
    unrun: Flag = None
    """The run ended before the call had a result."""
    worker: Worker | None = None
    """The worker of the last attempt; for an inline tool, the one that served the run."""


class DecisionRequested(EventBase):
    """The run waits for a person. Pass `id` to `decide`."""

    type: Literal["decision_requested"] = "decision_requested"
    id: str
    """The tool call's id, `budget` or `store`."""
    turn: int
    need: Need | Literal["budget", "store"]
    question: str
    tool: str | None = None
    effect: Effect | None = None
    arguments: dict[str, Any] | str | None = None
    digest: str | None = None
    """Digest of need, tool and arguments. Pass it to `decide` to decide exactly this request."""
    ruling: Ruling | None = None
    """The rule of a policy that asks, and whom."""
    until: float | None = None
    """When the time to decide passes, in seconds since the epoch."""

    @property
    def asked(self) -> Asked:
        """The subject that a decision about it is bound to."""
        return Asked(self.need, self.tool, self.arguments)


class DecisionMade(EventBase):
    """A person decided."""

    type: Literal["decision_made"] = "decision_made"
    id: str | None = None
    verdict: Verdict
    need: Need | Literal["budget", "store"] | None = None
    note: str | None = None
    answer: str | None = None
    arguments: dict[str, Any] | None = None
    """With `edit`: the tool's new arguments, or the amounts granted."""
    by: str | None = None
    """Who decided."""
    remember: Remember | None = None
    """Which later calls of the session it allows too."""


class HintReceived(EventBase):
    """A person sent the model a hint, which it reads with the next model call."""

    type: Literal["hint_received"] = "hint_received"
    text: str
    interrupt: bool
    by: str | None = None


class PauseRequested(EventBase):
    """A person asked the run to pause before its next step."""

    type: Literal["pause_requested"] = "pause_requested"
    reason: str | None = None
    by: str | None = None


class ResumeRequested(EventBase):
    """A person resumed the run."""

    type: Literal["resume_requested"] = "resume_requested"
    reason: str | None = None
    by: str | None = None


class AbortRequested(EventBase):
    """A person aborted the run, by the signal or by Temporal's Cancel."""

    type: Literal["abort_requested"] = "abort_requested"
    reason: str
    undo: Flag = None
    """The run's effects are to be undone."""
    by: str | None = None


class SignalRefused(EventBase):
    """A signal had an unknown name or an invalid payload. The run ignores it."""

    type: Literal["signal_refused"] = "signal_refused"
    signal: str
    message: str
    by: str | None = None


class BudgetReached(EventBase):
    """The run stopped between two steps because a budget was used up."""

    type: Literal["budget_reached"] = "budget_reached"
    budget: str
    """Which budget was reached, in words."""


class UndoStarted(EventBase):
    """The run ends by undoing its effects, in a workflow of its own: it was aborted with `undo`, or
    it failed and its agent sets `undo_on_failure`."""

    type: Literal["undo_started"] = "undo_started"
    workflow: str


class EffectsUndone(EventBase):
    """The undo has ended: how many effects were undone, and what stopped it, if anything."""

    type: Literal["effects_undone"] = "effects_undone"
    undone: Undone


class Branched(EventBase):
    """The run was reset: later events come from a new branch that left history at `event_id`."""

    type: Literal["branched"] = "branched"
    from_run_id: str
    to_run_id: str
    reason: str


class RunEnded(EventBase):
    """The last event of every run, even if Temporal terminated it or its time was up."""

    type: Literal["run_ended"] = "run_ended"
    state: RunState
    output: str
    """The final answer, or the text so far."""
    data: Any = None
    """The typed result as JSON, if the agent has an output type."""
    truncated: Flag = None
    """The final answer was cut off at the model's output limit."""
    reason: str | None = None
    """Why the run was aborted, or which budget it reached."""
    error: ErrorInfo | None = None
    undone: Undone | None = None
    totals: Totals | None = None
    head: str | None = None
    """The last node of the transcript."""
    handed_to: str | None = None
    """The run that took over the conversation, and whose end this is."""


DurableEvent = (
    RunStarted
    | StateChanged
    | ModelCalled
    | ModelReplied
    | ModelFailed
    | ContextCompacted
    | CompactionFailed
    | ToolCallRequested
    | ToolCallChecked
    | ToolCallStarted
    | ToolCallFinished
    | ChildStarted
    | ChildEnded
    | DecisionRequested
    | DecisionMade
    | HintReceived
    | PauseRequested
    | ResumeRequested
    | AbortRequested
    | SignalRefused
    | BudgetReached
    | UndoStarted
    | EffectsUndone
    | Branched
    | RunEnded
)
Event = Annotated[DurableEvent | LiveEvent, Field(discriminator="type")]
EVENTS: TypeAdapter[list[Event]] = TypeAdapter(list[Event])
