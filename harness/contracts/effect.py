"""Effects of tools as the ledger records them, and how they are undone."""

from __future__ import annotations

from typing import Any, Literal

from harness.contracts.base import Flag, Word
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import ErrorInfo
from harness.contracts.tool import Effect, Workspace

UNDO = "Undo"
"""The workflow's type in Temporal."""

SUFFIX = ".undo"


def undo_id(run: str) -> str:
    """The workflow id of a run's undo."""
    return f"{run}{SUFFIX}"


def undone_run(id: str) -> str:
    """The run that an undo belongs to; any other id unchanged."""
    return id.removesuffix(SUFFIX)


EffectState = Literal["begun", "done", "failed", "undoing", "undone"]
"""`begun`: the outcome is not recorded yet. `failed`: the tool reported failure."""


class EffectRow(Word):
    """One write of a run, in the ledger."""

    key: str
    """The idempotency key of the call, as the ledger knows it."""
    seq: int
    """The order in which effects began."""
    origin: str
    """First run id of the chain."""
    run: str
    agent: str
    turn: int
    call: str
    tool: str
    effect: Effect
    arguments: dict[str, Any]
    workspace: Workspace | None = None
    state: EffectState
    attempt: int
    """How often it was started."""
    undos: int = 0
    """How often it was undone."""
    result: str | None = None
    """The result that the model read."""
    receipt: Any = None
    """What the undo needs, as the tool provided it."""
    note: str | None = None
    """What the undo reported."""
    who: str
    """The worker that started it last."""
    began: float
    """Seconds since the epoch."""
    ended: float | None = None
    undone: float | None = None


class UndoItem(Word):
    """An effect to undo, as the workflow sees it."""

    key: str
    seq: int
    turn: int
    call: str
    tool: str
    effect: Effect
    title: str
    queue: str | None = None
    """The task queue of the host that owns the changed folder."""
    obstacle: ErrorInfo | None = None
    """Why it cannot be undone, if known in advance."""


class ListEffects(Word):
    """Input of the `list_effects` activity."""

    run: str
    to_turn: int | None = None
    before: int | None = None
    """Only effects that began before this `seq`."""


class EffectPage(Word):
    """A page of effects, newest first."""

    items: tuple[UndoItem, ...]
    more: Flag = None


class Compensate(Word):
    """Input of the `compensate` activity."""

    key: str
    run: str


class Compensated(Word):
    """The result of one undo: the tool's report, or why it failed."""

    said: str | None = None
    obstacle: ErrorInfo | None = None


class CheckTargets(Word):
    """Input of the `check_targets` activity."""

    run: str
    keys: tuple[str, ...]
    """The effects that would be undone on this host."""


class TargetCheck(Word):
    """Whether the target of one effect has changed since the call."""

    key: str
    changed: bool | None = None
    """Absent: not known."""
    why: str


class TargetChecks(Word):
    """What `check_targets` found."""

    checks: tuple[TargetCheck, ...]


StepState = Literal["undone", "would_undo", "passed", "stopped"]
STEP_WORDS: dict[StepState, str] = {
    "undone": "undone",
    "would_undo": "would be undone",
    "passed": "left as it is",
    "stopped": "cannot be undone",
}


class UndoStep(Word):
    """What an undo did with one effect."""

    call: str
    turn: int
    tool: str
    title: str
    state: StepState
    said: str | None = None
    obstacle: ErrorInfo | None = None
    changed: bool | None = None
    """In a dry run: whether its target has changed since the call, so that an undo would stop
    there. Absent: not known."""
    checked: str | None = None
    """In a dry run: what the check of its target found, or why it was not checked."""

    def __str__(self) -> str:
        why = self.obstacle.message if self.obstacle else self.said or self.checked
        what = clean_line(f"turn {self.turn}  {self.title}: {STEP_WORDS[self.state]}")
        return f"{what} ({clean_line(why)})" if why else what


class UndoSpec(Word):
    """Input of the `Undo` workflow; an operator may type it into the Temporal page."""

    run: str
    to_turn: int | None = None
    """Undo what came after this turn; absent: everything."""
    dry_run: Flag = None
    past: tuple[str, ...] = ()
    """Calls to skip if their effect cannot be undone."""
    by: str | None = None
    steps: tuple[UndoStep, ...] = ()
    """What an earlier execution of this undo did."""
    before: int | None = None
    """Where an earlier execution of this undo left off."""
    permit: str | None = None
    """See `RunSpec.permit`. The undo that a run starts at its end needs none."""


class UndoReport(Word):
    """The result of an undo, newest effect first."""

    run: str
    to_turn: int | None = None
    dry_run: Flag = None
    steps: tuple[UndoStep, ...]

    def __str__(self) -> str:
        after = "" if self.to_turn is None else f" after turn {self.to_turn}"
        if not self.steps:
            return f"Run {self.run} has no effects to undo{after}."
        dry = ", dry run" if self.dry_run else ""
        return "\n".join(
            [f"Undo of {self.run}{after}{dry}:", *(f"  {step}" for step in self.steps)]
        )

    @property
    def stopped(self) -> UndoStep | None:
        """The first effect that could not be undone. Earlier effects of the run remain."""
        return next((step for step in self.steps if step.state == "stopped"), None)

    @property
    def undone(self) -> tuple[UndoStep, ...]:
        """The effects that were undone."""
        return tuple(step for step in self.steps if step.state == "undone")


class Undone(Word):
    """Summary of the undo that a run started at its end."""

    workflow: str
    """The undo's workflow id; that workflow has the steps."""
    count: int
    """Effects that were undone."""
    stopped: UndoStep | None = None
    """The effect that could not be undone: it and earlier ones remain."""
    error: ErrorInfo | None = None
    """Why the undo did not finish, as far as the run knows."""

    @property
    def whole(self) -> bool:
        """Whether every effect was undone."""
        return self.stopped is None and self.error is None
