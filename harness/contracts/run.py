"""A run: what pins it, the states it goes through, and what comes of it."""

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
"""The workflow's type in the engine."""


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
        """Whether the run has ended: nothing comes after it."""
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
"""Every step a run may take. Failed is reachable from everywhere: the engine can end any run."""


class Budget(Word):
    """Limits of a run, checked before each model call; absent means none."""

    turns: int | None = None
    tokens: int | None = None
    cost_micros: int | None = None
    seconds: float | None = None
    ask: Flag = None
    """Wait for a person to grant as much again, instead of stopping."""


class Limits(Word):
    """How long and how often an activity is tried. Ten attempts last about two minutes, so that
    an outage of a provider or of the database need not end a run."""

    model_timeout_s: float = 600.0
    model_attempts: int = 10
    tool_timeout_s: float = 60.0
    tool_attempts: int = 4
    heartbeat_s: float = 5.0
    mends: int = 5
    """Invalid tool calls in a row that go back to the model before the run fails."""
    undo_wait_s: float | None = None
    """How long an end waits for the undo that belongs to it."""


class Parent(Word):
    """Where a forked run came from."""

    run: str
    turn: int


class Totals(Word):
    """What a run has used so far."""

    turns: int = 0
    usage: Usage = Usage()
    cost_micros: int | None = None
    """Settled: what providers reported. Budgets go by it."""
    tool_calls: int = 0
    cut_attempts: int | None = None
    """Attempts at model calls that a crash, a stop or an abort cut off."""
    cut_micros: int | None = None
    """What those may have cost on top, by estimate; absent where no price is known."""

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
            cut: Attempts that were cut off, to add.

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
    """A transcript node that is not known to be durable yet, with what it is made of."""

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
    """Of need, tool and arguments: what `decide` may send along, so that it decides just this. Not
    in the memo."""

    @property
    def asked(self) -> Asked:
        """What a decision about it is bound to."""
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
    """In a what-if: how often each call has been made, by its key."""
    state: RunState | None = None
    """Absent: running."""
    hints: tuple[str, ...] | None = None
    """Not yet read by the model."""
    calls: tuple[ToolCall, ...] | None = None
    """Calls of the newest reply, where the history ended in the middle of them."""
    results: dict[str, ToolResult] | None = None
    """Results of those that have one, by call."""
    invalid: Flag = None
    """One of them must be mended by the model."""
    held: dict[str, Held] | None = None
    """Those that wait for a person, by call."""
    signatures: dict[str, str] | None = None
    """MACs of `calls`, by call."""
    asked: tuple[str, ...] | None = None
    """What waits for a decision; people have been asked already."""
    pending: tuple[Pending, ...] | None = None
    """The same in full: a decision may arrive before the next execution gets to its wait."""
    decided: dict[str, Decide] | None = None
    """Decisions that came while the history ended."""


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
    """The provider's own task queue, where it has one."""
    trace: str | None = None
    started_by: str | None = None
    labels: dict[str, str] | None = None
    lineage: str | None = None
    """The family that its content belongs to, where that is not the run alone: a fork is of its
    parent's, all runs of a session are of one. What is forgotten is forgotten by families."""
    salt: str | None = None
    """See `Node.salt`; one for a family."""
    playback: Playback | None = None
    """Tools do not run: a what-if."""
    undo: Flag = None
    """Take back what it did to the world when it fails."""
    asks: Flag = None
    """A person is asked about a write that the engine gave up in the middle. Runs that were begun
    before there was this let the model read that it failed."""
    bounded: Flag = None
    """Signals are bounded, and a wait for a person may go on in a fresh history. Runs that were
    begun before there was this do neither."""
    instructs: Flag = None
    """A worker writes the instructions from the agent's deps before the first model call."""
    checks: Flag = None
    """A worker runs the agent's output validators on each final answer."""
    carry: Carry | None = None
    """Where an earlier execution of the same run left off."""
    permit: str | None = None
    """Proves to workers that the run was started by someone who has the signing key: a nonce and
    the MAC of everything above but `carry`."""

    @property
    def fixed_model(self) -> str | None:
        """The model of every call; None where the agent's plan chooses."""
        return self.model if self.override else None

    @property
    def pinned(self) -> Pinned:
        """What its steps bring along."""
        return Pinned(
            agent=self.agent, spec=self.spec, model=self.fixed_model, salt=self.salt,
            session=self.session, workspace=self.workspace, playback=self.playback,
        )  # fmt: skip

    @property
    def whole(self) -> str:
        """Digest of all that the executions of a run share, with the nonce of its permit."""
        own = {"carry": None, "permit": (self.permit or "").partition(".")[0]}
        return digest(self.model_copy(update=own).wire())

    @property
    def started(self) -> Started | None:
        """What proves this spec to workers; None without a permit."""
        if self.permit is None:
            return None
        return Started(
            mac=self.permit.partition(".")[2], whole=self.whole, agent=self.agent,
            session=self.session, workspace=self.workspace, playback=self.playback,
        )  # fmt: skip

    @property
    def asked(self) -> str:
        """What the run is about, in words."""
        text = self.messages[-1].text if self.messages else ""
        if text or self.parent is None:
            return text
        return f"fork of {self.parent.run} at turn {self.parent.turn}"


class RunEnd(Word):
    """How a run ended, whatever the way."""

    state: RunState
    output: str
    """The final answer, or what there is of it."""
    data: Any = None
    """The typed result, as JSON, where the agent has an output type."""
    truncated: Flag = None
    """The final answer was cut off at the model's output limit."""
    head: str | None = None
    """The last node of the transcript: the next run of the session starts here."""
    totals: Totals
    reason: str | None = None
    """Why it was aborted, or which budget it reached."""
    error: ErrorInfo | None = None
    undone: Undone | None = None
    """What became of its effects, where the end was to take them back."""


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
    """Answer of the `transcript` query: the head, and what the workflow itself still holds."""

    head: str | None = None
    unsaved: tuple[Message, ...]
    """Messages after the newest node that is known to be durable, oldest first."""
    saved: str | None = None
