"""A run: its pinned spec, its states and its result."""

from __future__ import annotations

import json
from typing import Any, Literal

from harness.contracts.base import Flag, Word
from harness.contracts.budget import Budget as Budget
from harness.contracts.clean_text import clean_line
from harness.contracts.effect import Undone
from harness.contracts.errors import ErrorInfo
from harness.contracts.message import Message, ToolCall, ToolResult
from harness.contracts.model import Interrupted, ModelRef, Scale, Usage
from harness.contracts.permit import Above, Pinned, Started
from harness.contracts.prompt import PinnedPrompt
from harness.contracts.ruling import Ruling
from harness.contracts.run_limits import Limits as Limits
from harness.contracts.run_state import TRANSITIONS as TRANSITIONS
from harness.contracts.run_state import RunState as RunState
from harness.contracts.steering import Decide
from harness.contracts.subagent import CalledBy
from harness.contracts.tool import (
    Effect,
    Need,
    Playback,
    RunTool,
    ToolOutcome,
    ToolPolicy,
    Workspace,
)
from harness.contracts.transcript import digest
from harness.contracts.verdicts import Asked, list_verdicts

WORKFLOW = "AgentRun"
"""The workflow's type in Temporal."""


class Parent(Word):
    """Where a forked run came from."""

    run: str
    turn: int


class Totals(Word):
    """A run's usage so far."""

    turns: int = 0
    usage: Usage = Usage()
    cost_micros: int | None = None
    """Settled: what providers reported. Budgets go by it."""
    tool_calls: int = 0
    cut_attempts: int | None = None
    """Attempts at model calls that a crash, a stop or an abort interrupted."""
    cut_micros: int | None = None
    """Their additional cost, estimated; absent if the price is unknown."""

    def plus(
        self,
        *,
        turns: int = 0,
        usage: Usage | None = None,
        cost_micros: int | None = None,
        tool_calls: int = 0,
        cut: Interrupted | None = None,
    ) -> Totals:
        """Add what one step used. An unknown cost adds nothing.

        Args:
            turns: Turns to add.
            usage: Tokens to add.
            cost_micros: Millionths of a US dollar to add.
            tool_calls: Calls to add.
            cut: Interrupted attempts to add.

        Returns:
            The sum.
        """
        return Totals(
            turns=self.turns + turns,
            usage=self.usage + usage if usage else self.usage,
            cost_micros=_sum_known(self.cost_micros, cost_micros),
            tool_calls=self.tool_calls + tool_calls,
            cut_attempts=_sum_known(self.cut_attempts, cut.attempts if cut else None),
            cut_micros=_sum_known(self.cut_micros, cut.cost_micros if cut else None),
        )


def _sum_known(*values: int | None) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


class Sent(Word):
    """A transcript node not yet known to be durable, with its messages."""

    head: str
    messages: tuple[Message, ...]


class Compaction(Word):
    """When and where a run has its conversation summarized; see `ContextPolicy`."""

    at: int
    """Tokens."""
    queue: str | None = None
    """The task queue of the summarizing model's provider, if it has one."""
    named: Flag = None
    """The policy names that model: it is not the run's own."""


class Held(Word):
    """A tool call that waits for a person."""

    request: RunTool
    outcome: ToolOutcome
    """Why it waits."""
    since: float
    """Seconds since the epoch."""


class OpenChild(Word):
    """A child run that has not ended."""

    run: str
    request: RunTool
    """The call that started it."""
    budget: Budget
    """What it may use."""


class Pending(Word):
    """Something that a run waits for a person to decide."""

    id: str
    """The tool call's id, `budget` or `store`."""
    need: Need | Literal["budget", "store"]
    turn: int
    tool: str | None = None
    arguments: dict[str, Any] | None = None
    effect: Effect | None = None
    question: str
    since: float
    """Seconds since the epoch."""
    digest: str | None = None
    """Digest of need, tool and arguments. Pass it to `decide` to decide exactly this request. Not
    in the memo."""
    ruling: Ruling | None = None
    """The rule of a policy that asks, and whom."""
    until: float | None = None
    """When the time to decide passes, in seconds since the epoch."""

    @property
    def asked(self) -> Asked:
        """The subject that a decision about it is bound to."""
        return Asked(self.need, self.tool, self.arguments)

    def __str__(self) -> str:
        call = f"{self.tool} {json.dumps(self.arguments, ensure_ascii=True)}: " if self.tool else ""
        verdicts = "".join(f"\n  {each}" for each in list_verdicts(self.need))
        return f"{self.id}: {call}{clean_line(self.question)}{verdicts}"


class Carry(Word):
    """What continue-as-new hands to the next execution of a run."""

    origin: str
    """First run id of the chain."""
    started: float
    turn: int
    totals: Totals
    head: str | None = None
    messages: tuple[Message, ...]
    """Not yet sent to the model."""
    budget: Budget
    paused: Flag = None
    mends: int | None = None
    context: int | None = None
    """Tokens of the last model call."""
    compact_over: int | None = None
    """Tokens over which the conversation is summarized next, if not those of the policy."""
    scale: Scale | None = None
    """See `CallModel.scale`."""
    aborted: str | None = None
    undo: Flag = None
    reply: str | None = None
    played: dict[str, int] | None = None
    """In a what-if: how often each call was made, by its key."""
    state: RunState | None = None
    """Absent: running."""
    hints: tuple[str, ...] | None = None
    """Not yet read by the model."""
    calls: tuple[ToolCall, ...] | None = None
    """Calls of the newest reply, if the history ended in the middle of them."""
    results: dict[str, ToolResult] | None = None
    """Results so far, by call."""
    invalid: Flag = None
    """The model must correct one of them."""
    held: dict[str, Held] | None = None
    """Those that wait for a person, by call."""
    signatures: dict[str, str] | None = None
    """MACs of `calls`, by call."""
    asked: tuple[str, ...] | None = None
    """Pending decisions that people have already been asked for."""
    pending: tuple[Pending, ...] | None = None
    """The same in full: a decision may arrive before the next execution waits for it."""
    decided: dict[str, Decide] | None = None
    """Decisions that arrived while the history ended."""
    by: str | None = None
    """Who paused or aborted it, if the signal says so."""
    children: dict[str, OpenChild] | None = None
    """Open children, by call."""
    started_children: int | None = None
    """How many children it has started."""
    finishing: str | None = None
    """Which budget was reached, if the next turn is the last one because of it."""
    handover: RunTool | None = None
    """The call by which the model handed the conversation over."""


class RunSpec(Word):
    """Everything a run needs, pinned at its start."""

    agent: str
    spec: str
    """Hash of the AgentSpec: instructions, tool schemas, model plan."""
    model: ModelRef
    """The plan's first candidate."""
    override: Flag = None
    """`model` replaces the plan."""
    messages: tuple[Message, ...]
    head: str | None = None
    """The transcript node to start from: a session's last, or a fork's."""
    tools: dict[str, ToolPolicy] = {}
    budget: Budget = Budget()
    limits: Limits = Limits()
    parallel: Flag = None
    """Calls of read-only tools in one reply run side by side."""
    session: str | None = None
    parent: Parent | None = None
    workspace: Workspace | None = None
    model_queue: str | None = None
    """The provider's own task queue, if it has one."""
    trace: str | None = None
    started_by: str | None = None
    labels: dict[str, str] | None = None
    lineage: str | None = None
    """The family that its content belongs to, unless that is the run alone: a fork joins its
    parent's family, the runs of a session share one. Content is forgotten by family."""
    salt: str | None = None
    """See `Node.salt`; one per family."""
    playback: Playback | None = None
    """Tools do not run: a what-if."""
    undo: Flag = None
    """Undo its effects if it fails."""
    asks: Flag = None
    """A person is asked about a write that Temporal gave up on. In runs started before this field
    existed, the model reads that the write failed."""
    bounded: Flag = None
    """Signals are bounded, and a wait for a person may continue in a fresh history. Runs started
    before this field existed do neither."""
    instructs: Flag = None
    """A worker writes the instructions from the agent's deps before the first model call."""
    checks: Flag = None
    """A worker runs the agent's output validators on each final answer."""
    remembers: Flag = None
    """The run begins with memories that fit its prompt."""
    learns: Flag = None
    """Facts are extracted from the run after its final answer."""
    owner: str | None = None
    """Who owns the run, if somebody does."""
    owned: Flag = None
    """Its steps prove whose they are. In runs started before this field existed they do not."""
    policed: Flag = None
    """Its tool calls carry what policies decide by: the cost so far, and who edited a call. In runs
    started before this field existed they do not."""
    root: str | None = None
    """The run at the top, if an agent started this one as a tool."""
    called_by: CalledBy | None = None
    """The tool call that started it, if an agent called this one as a tool."""
    above: Above | None = None
    priority: int | None = None
    """From 1, the most urgent, to 5: whose calls are made first when they must wait."""
    template: PinnedPrompt | None = None
    """What its prompt was made from, if that was a template."""
    compaction: Compaction | None = None
    """Absent if its conversation is never summarized."""
    carry: Carry | None = None
    """Where an earlier execution of the same run left off."""
    permit: str | None = None
    """Proves to workers that the run was started by someone who has the signing key: a nonce and
    the MAC of everything above but `carry`."""

    @property
    def fixed_model(self) -> str | None:
        """The model of every call; None if the agent's plan chooses it."""
        return self.model if self.override else None

    @property
    def pinned(self) -> Pinned:
        """The parts of the spec that its steps carry along."""
        return Pinned(
            agent=self.agent, spec=self.spec, model=self.fixed_model, salt=self.salt,
            session=self.session, workspace=self.workspace, playback=self.playback,
            owner=self.owner if self.owned else None, root=self.root, priority=self.priority,
            budget=self.budget if self.budget.shared else None, above=self.above,
        )  # fmt: skip

    @property
    def whole(self) -> str:
        """Digest of everything that the executions of a run share, with its permit's nonce."""
        own = {"carry": None, "permit": (self.permit or "").partition(".")[0]}
        return digest(self.model_copy(update=own).wire())

    @property
    def started(self) -> Started | None:
        """The proof of this spec for workers; None without a permit."""
        if self.permit is None:
            return None
        return Started(
            mac=self.permit.partition(".")[2], whole=self.whole, agent=self.agent, root=self.root,
            session=self.session, workspace=self.workspace, playback=self.playback,
            owner=self.pinned.owner, priority=self.priority, budget=self.pinned.budget,
            above=self.above,
        )  # fmt: skip

    @property
    def asked(self) -> str:
        """The prompt, or the fork's origin if there is none."""
        text = self.messages[-1].text if self.messages else ""
        if text or self.parent is None:
            return text
        return f"fork of {self.parent.run} at turn {self.parent.turn}"


class RunEnd(Word):
    """How a run ended."""

    state: RunState
    output: str
    """The final answer, or the text so far."""
    data: Any = None
    """The typed result as JSON, if the agent has an output type."""
    truncated: Flag = None
    """The final answer was cut off at the model's output limit."""
    head: str | None = None
    """The last node of the transcript: the next run of the session starts here."""
    totals: Totals
    reason: str | None = None
    """Why it was aborted, or which budget it reached."""
    error: ErrorInfo | None = None
    undone: Undone | None = None
    """The result of the undo, if the run was to undo its effects at its end."""
    unread: int | None = None
    """Hints that came too late for the model."""
    handed_to: str | None = None
    """The run of the agent that took over the conversation, and whose end this is."""


class RunStatus(Word):
    """Answer of the `status` query."""

    run: str
    agent: str
    state: RunState
    turn: int
    doing: str
    model: str
    totals: Totals
    pending: tuple[Pending, ...] = ()
    hints: int = 0
    """Hints that wait for the next model call."""
    session: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        doing = "" if self.state.over else f": {self.doing}"
        head = f"{self.run} {self.state.value}{why}, turn {self.turn}{doing}"
        waiting = "".join(f"\n  waits for {each}" for each in self.pending)
        return clean_line(head) + waiting


class TranscriptView(Word):
    """Answer of the `transcript` query: the head, and messages that the workflow still holds."""

    head: str | None = None
    unsaved: tuple[Message, ...]
    """Messages after the newest node known to be durable, oldest first."""
    saved: str | None = None
