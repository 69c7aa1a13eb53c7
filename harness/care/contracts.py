"""What the workflows and activities of care exchange. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from harness.care.states import Action, Priority, TicketState

WATCH_WORKFLOW = "CareWatch"
EVALUATE = "evaluate_invariants"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Evaluate(Frozen):
    """Evaluate all invariants now."""


class Evaluated(Frozen):
    """How many invariants are in which state."""

    states: dict[str, int] = {}
    seconds: float = 0.0


# --- tickets

TICKET_WORKFLOW = "CareTicket"


class Carried(Frozen):
    """What a ticket knows besides its state, when no agent is at work on it."""

    number: int
    """Of its last move: the numbers go on, for histories are sealed as one."""
    wants_work: bool
    stuck: bool
    closes_at: float | None = None
    asked_by: str | None = None


class TicketSpec(Frozen):
    """Input of a ticket's workflow."""

    id: str
    subject: str
    title: str
    invariant: str | None = None
    """The invariant that broke, if that is the cause."""
    by: str
    """Who opened it."""
    autonomous: bool = False
    """Whether an agent starts to work on it at once."""
    state: TicketState = "open"
    attempts: int = 0
    """How many times an agent has worked on it."""
    run: str | None = None
    """A run that changes the subject without having been started by a ticket: it is the first one
    that works on it."""
    carried: Carried | None = None
    """What an execution leaves to the next one, once its history is long."""


class TicketFields(Frozen):
    """Fields of a ticket that are changed; those that are None stay as they are."""

    priority: Priority | None = None
    assignee: str | None = None
    """Empty: nobody."""
    link: str | None = None
    """Another ticket that is related."""
    unlink: str | None = None


def describe_fields(fields: TicketFields) -> str:
    """What is changed, in words; empty if nothing is."""
    parts = list[str]()
    if fields.priority is not None:
        parts.append(f"priority {fields.priority}")
    if fields.assignee is not None:
        parts.append(f"assigned to {fields.assignee}" if fields.assignee else "assigned to nobody")
    if fields.link is not None:
        parts.append(f"related to {fields.link}")
    if fields.unlink is not None:
        parts.append(f"not related to {fields.unlink}")
    return ", ".join(parts)


class Move(Frozen):
    """A change of a ticket's state, or of its fields in the same state."""

    state: TicketState
    why: str
    by: str
    at: float = 0.0
    run: str | None = None
    event: str | None = None
    """The event of the run that it follows from: the activity that follows the run may start
    again, and tells each once more."""
    fields: TicketFields | None = None


class TicketAct(Frozen):
    """What a person asks of a ticket."""

    action: Action
    by: str
    why: str = ""


class TicketChange(Frozen):
    """Change the fields of a ticket."""

    fields: TicketFields
    by: str


class SaveMove(Frozen):
    ticket: str
    move: Move
    number: int
    """Counts the moves of a ticket, so that saving one again changes nothing."""
    attempts: int


class Work(Frozen):
    """Let an agent work on a ticket."""

    ticket: TicketSpec
    attempt: int
    run: str | None = None
    """The run that works: with a part that nobody can foresee, so that nobody can take its id."""
    at: float
    """When it began: the agent is told what was noted before, the same after each crash."""
    by: str | None = None
    """The person who asked for it; None: it begins as the subject is autonomous."""


class ChangeEnd(Frozen):
    """What became of a change, so that the history of its ticket says it."""

    id: str
    state: str
    digest: str
    """Of the rest of its row."""


class Worked(Frozen):
    """How the agent's run ended."""

    run: str
    changed: bool
    """Whether anything was deployed or restarted."""
    held: tuple[str, ...] = ()
    """Invariants of the subject that held before the first change, as far as was known."""
    unsure: tuple[str, ...] = ()
    """Those of them of which nothing was known then."""
    changed_at: float | None = None
    """When the first change began."""
    window_seconds: float = 0.0
    """How long they must hold now."""
    summary: str = ""
    rejected: str | None = None
    """By whom and why its last proposal was rejected."""
    stuck: str = ""
    """Why a change that failed could not be taken back, if one could not: a person must look."""
    changes: tuple[ChangeEnd, ...] | None = None
    """All changes of the run. None: earlier versions did not say."""


class Verify(Frozen):
    """See whether invariants hold."""

    subject: str
    names: tuple[str, ...]
    changed_at: float | None = None
    """One that has given no data since before this time is not held against a change."""


class WatchChange(Frozen):
    """Watch invariants after a change, until one that held before breaks or their windows end."""

    verify: Verify
    held: tuple[str, ...]
    """Those that held before the change: if one breaks, it is over at once. The others have until
    the end, for what they show at first may be older than the change."""
    until: float
    blind_until: float
    """How long they are watched at most, while the source of their metrics does not answer."""


class Verified(Frozen):
    """What was found."""

    failing: tuple[str, ...] = ()
    """Those that do not hold, each with its value."""
    broken: tuple[str, ...] = ()
    """The names of those that are broken."""
    unknown: tuple[str, ...] = ()
    """The names of those of which nothing is known, since their source does not answer."""


class UndoWork(Frozen):
    """Undo what a run changed; or stop it, and take back what it has not finished."""

    ticket: str
    run: str


class Undone(Frozen):
    undone: int
    """Changes of the subject."""
    stopped: str = ""
    """What stopped the undo, if anything did."""
    changes: tuple[ChangeEnd, ...] | None = None
    """All changes of the run, as they are then. None: earlier versions did not say."""


# --- what people do

ACT_WORKFLOW = "CareAct"
ActKind = Literal[
    "subject_added", "subject_removed", "invariant_added", "invariant_removed", "silence_added",
    "silence_ended", "commented", "pinned", "work_undone",
]  # fmt: skip


class CareAct(Frozen):
    """What somebody did with a subject, its invariants or its silences, or noted on a ticket. The
    workflow that is started with it is its record."""

    id: str
    kind: ActKind
    subject: str
    by: str
    at: float
    ticket: str | None = None
    name: str | None = None
    """Of the invariant; the id of the silence or note."""
    why: str = ""
    """What was said about it, or what it consists of, in words."""
    digest: str | None = None
    """Of what was added, where that is more than the words."""
