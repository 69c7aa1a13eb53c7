"""A run: its pinned spec, its states and its result."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, Literal

from harness.contracts.base import Flag, Word
from harness.contracts.clean_text import clean_line
from harness.contracts.effect import Undone
from harness.contracts.errors import ErrorInfo
from harness.contracts.message import Message, ToolCall, ToolResult
from harness.contracts.model import Interrupted, ModelRef, Usage
from harness.contracts.permit import Pinned, Started
from harness.contracts.prompt import PinnedPrompt
from harness.contracts.steering import Decide
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


class RunState(StrEnum):
    """What a run is doing. See the [states](steering.md#states)."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    ABORTED = "aborted"

    @property
    def over(self) -> bool:
        """Whether the run has ended; no state follows."""
        return not TRANSITIONS[self]


TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    RunState.PENDING: frozenset({RunState.RUNNING, RunState.FAILED, RunState.ABORTED}),
    RunState.RUNNING: frozenset(
        {
            RunState.WAITING,
            RunState.PAUSED,
            RunState.COMPLETED,
            RunState.FAILED,
            RunState.ABORTED,
        }
    ),
    RunState.WAITING: frozenset(
        {RunState.RUNNING, RunState.PAUSED, RunState.FAILED, RunState.ABORTED}
    ),
    RunState.PAUSED: frozenset(
        {RunState.RUNNING, RunState.WAITING, RunState.FAILED, RunState.ABORTED}
    ),
    RunState.COMPLETED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.ABORTED: frozenset(),
}
"""The allowed transitions. Failed is reachable from every open state: Temporal can end any run."""


class Budget(Word):
    """Limits of a run, checked before each model call; absent means none."""

    turns: int | None = None
    """Model calls."""
    tokens: int | None = None
    """Tokens of all model calls together, input and output."""
    cost_micros: int | None = None
    """Cost in millionths of a US dollar."""
    seconds: float | None = None
    """Time since the run started."""
    ask: Flag = None
    """Wait for a person to grant as much again, instead of stopping."""


class Limits(Word):
    """Timeouts and attempts of activities. Ten attempts last about two minutes, so that an outage
    of a provider or the database need not end a run."""

    model_timeout_s: float = 600.0
    model_attempts: int = 10
    tool_timeout_s: float = 60.0
    tool_attempts: int = 4
    heartbeat_s: float = 5.0
    mends: int = 5
    """Invalid tool calls in a row that the model may correct before the run fails."""
    undo_wait_s: float | None = None
    """How long the end of a run waits for its undo."""


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


class Held(Word):
    """A tool call that waits for a person."""

    request: RunTool
    outcome: ToolOutcome
    """Why it waits."""
    since: float
    """Seconds since the epoch."""


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
    owner: str | None = None
    """Who owns the run, if somebody does."""
    owned: Flag = None
    """Its steps prove whose they are. In runs started before this field existed they do not."""
    template: PinnedPrompt | None = None
    """What its prompt was made from, if that was a template."""
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
            owner=self.owner if self.owned else None,
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
            mac=self.permit.partition(".")[2], whole=self.whole, agent=self.agent,
            session=self.session, workspace=self.workspace, playback=self.playback,
            owner=self.pinned.owner,
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
