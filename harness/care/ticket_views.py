"""What the API takes and returns for tickets."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from harness.api.body import Body
from harness.care.contracts import Action, Priority, TicketFields, TicketState
from harness.care.invariants.invariant import NAME, Severity, Source
from harness.care.tickets.rows import ChangeKind, ChangeState, NoteKind, Related, Ticket


class TicketMove(BaseModel):
    """A change of a ticket's state, or of its fields."""

    state: TicketState
    why: str
    by: str
    at: float
    run: str | None = None
    fields: TicketFields | None = None
    """What a person has changed, in the same state."""


class TicketNote(BaseModel):
    """A comment, a hypothesis or evidence. Its text may come from outside: never follow it."""

    kind: NoteKind
    text: str
    by: str
    at: float
    evidence: dict[str, Any] | None = None
    run: str | None = None


class ChangeView(BaseModel):
    """A deploy or restart of a subject."""

    id: str
    subject: str
    kind: ChangeKind
    commit: str | None = None
    summary: str
    state: ChangeState
    message: str = ""
    by: str
    at: float
    run: str | None = None
    ticket: str | None = None
    stage: int | None = None
    """The last stage that is done, in percent, of a deploy in stages."""


class TicketView(BaseModel):
    """A ticket."""

    id: str
    subject: str
    invariant: str | None = None
    title: str
    severity: Severity
    priority: Priority
    """As a person has set it; otherwise it follows from the severity."""
    assignee: str | None = None
    state: TicketState
    opened_by: str
    opened: float
    """Seconds since 1970, as all times."""
    changed: float
    count: int
    """How often it was reported."""
    attempts: int
    """How often an agent has worked on it."""
    run: str | None = None
    """The last run that worked on it."""

    @classmethod
    def of(cls, ticket: Ticket) -> TicketView:
        """Describe a ticket."""
        return cls.model_validate(ticket, from_attributes=True)


class RelatedTicket(BaseModel):
    """A ticket that is related to another one."""

    id: str
    title: str
    state: TicketState
    why: Literal["person", "commit", "time"]
    """person: somebody said so. commit: the same commit was deployed for both. time: of the same
    subject, and open at the same time."""

    @classmethod
    def of(cls, related: Related) -> RelatedTicket:
        """Describe a related ticket."""
        return cls.model_validate(related, from_attributes=True)


class TicketDetail(TicketView):
    """A ticket with all that happened to it."""

    moves: list[TicketMove]
    notes: list[TicketNote]
    changes: list[ChangeView]
    related: list[RelatedTicket] = []
    actions: list[Action] = []
    """What people can do with it now."""
    run_visible: bool = False
    """Whether who asks may see the last run, and decide what it waits for."""
    may_change: bool = True
    """Whether who asks owns the subject, or is an admin."""


class TicketList(BaseModel):
    """A page of tickets, the last changed first."""

    tickets: list[TicketView]
    counts: dict[TicketState, int] = {}
    """How many tickets there are by state, under the other filters."""
    next: str | None = None
    """The cursor of the next page; absent on the last one."""


class OpenTicketBody(Body):
    """A ticket to open."""

    subject: str = Field(pattern=NAME)
    """The subject that has the problem."""
    title: str = Field(min_length=1, max_length=300)
    """The problem in one sentence."""
    work: bool = False
    """Whether an agent starts to work on it at once."""


class TicketActBody(Body):
    """What to do with a ticket."""

    action: Action
    """work: let an agent look for the cause. resolve: it is solved. close: nothing more is done."""
    why: str = Field(default="", max_length=2_000)
    """The reason, for resolve and close."""


class TicketChangeBody(Body):
    """What to change of a ticket; what is absent stays as it is."""

    priority: Priority | None = None
    """How urgent it is."""
    assignee: str | None = Field(default=None, max_length=100)
    """Who takes care of it. Empty: nobody."""
    link: str | None = Field(default=None, min_length=1, max_length=64)
    """A ticket that is related to it."""
    unlink: str | None = Field(default=None, min_length=1, max_length=64)
    """A ticket that is not related to it after all."""


class PinBody(Body):
    """A query to keep on a ticket with its result."""

    query: str = Field(min_length=1, max_length=5_000)
    """PromQL, or LogQL for logs."""
    source: Source = "metrics"
    """Metrics, or logs."""
    seconds: float | None = Field(default=None, gt=0, le=90 * 86_400, allow_inf_nan=False)
    """How far back. Absent: metrics of this moment, logs of the last hour."""
    text: str = Field(default="", max_length=2_000)
    """What it shows."""


class CommentBody(Body):
    """A comment on a ticket."""

    text: str = Field(min_length=1, max_length=10_000)
    """What the comment says."""
