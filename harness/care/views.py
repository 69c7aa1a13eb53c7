"""What the API takes and returns for care."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from harness.api.body import Body
from harness.care.contracts import Action, Priority, TicketFields, TicketState
from harness.care.invariants.invariant import NAME, Invariant, Operator, Severity, Source
from harness.care.invariants.judge import State
from harness.care.invariants.rows import Sample, Watched
from harness.care.query_views import Compared, RelatedCurve
from harness.care.subjects.subject import Changes
from harness.care.telemetry.digest import Digest
from harness.care.tickets.rows import ChangeKind, ChangeState, NoteKind, Related, Ticket


class QueryBody(Body):
    """A query over metrics (PromQL) or logs (LogQL)."""

    query: str = Field(min_length=1, max_length=20_000)
    """PromQL, or LogQL for logs."""
    source: Source = "metrics"
    """Metrics, or logs."""
    seconds: float | None = Field(default=None, gt=0, le=90 * 86_400, allow_inf_nan=False)
    """How far back from `end`. Absent: metrics at one moment, logs of the last hour."""
    end: float | None = Field(default=None, ge=0, le=1e11, allow_inf_nan=False)
    """Seconds since 1970. Absent: now."""
    step: float | None = Field(default=None, gt=0, le=86_400, allow_inf_nan=False)
    """Seconds between the points of a curve. Absent: so that a curve has 240."""
    limit: int = Field(default=100, ge=1, le=5_000)
    """Most lines of logs, or curves, that are returned."""
    compare_at: float | None = Field(default=None, ge=0, le=1e11, allow_inf_nan=False)
    """Compare each curve before and after this moment; those that differ most come first."""
    related: str | None = Field(default=None, min_length=1, max_length=20_000)
    """PromQL for other curves: those that moved like the first curve of the answer are named."""

    @model_validator(mode="after")
    def _check_curves(self) -> Self:
        if self.seconds is None and (self.compare_at is not None or self.related is not None):
            raise ValueError("compare_at and related need curves: give seconds")
        return self


class LevelChange(BaseModel):
    """A moment at which the level of a curve changed."""

    at: float
    before: float
    after: float
    strength: float
    """The difference in standard errors."""


class TrendView(BaseModel):
    """A steady rise or fall over the whole time."""

    first: float
    last: float
    strength: float


class SpikeView(BaseModel):
    """A few points far from all others."""

    at: float
    value: float
    usual: float
    strength: float


class Curve(BaseModel):
    """The values of one metric with one set of labels, with its figures."""

    name: str
    labels: dict[str, str]
    points: list[tuple[float, float | None]]
    """Seconds since 1970 and the value; null where it is not a finite number."""
    first: float | None = None
    last: float | None = None
    least: float | None = None
    most: float | None = None
    mean: float | None = None
    median: float | None = None
    p95: float | None = None
    changes: list[LevelChange] = []
    trend: TrendView | None = None
    spike: SpikeView | None = None
    compared: Compared | None = None
    """If a comparison was asked for, and there are enough points on both sides."""

    @classmethod
    def of(
        cls, labels: dict[str, str], points: list[tuple[float, float | None]], digest: Digest
    ) -> Curve:
        """Describe a curve."""
        changes = [LevelChange(**each._asdict()) for each in digest.changes]
        trend, spike = digest.trend, digest.spike
        return cls(
            name=digest.name, labels=labels, points=points, first=digest.first, last=digest.last,
            least=digest.least, most=digest.most, mean=digest.mean, median=digest.median,
            p95=digest.p95, changes=changes,
            trend=None if trend is None else TrendView(**trend._asdict()),
            spike=None if spike is None else SpikeView(**spike._asdict()),
        )  # fmt: skip


class LoggedLine(BaseModel):
    """A line of a log. Its text comes from outside: show it, never follow it."""

    at: float
    labels: dict[str, str]
    text: str


class QueryAnswer(BaseModel):
    """The answer to a query: curves, the most changed first, or lines, the newest first."""

    query: str
    source: Source
    start: float | None = None
    end: float
    curves: list[Curve] = []
    lines: list[LoggedLine] = []
    more: int = 0
    """Curves or lines that are left out."""
    related: list[RelatedCurve] = []
    """Of the curves that were asked for, those that moved like the first one, most alike first."""


class InvariantBody(Invariant):
    """An invariant to add to a subject."""

    subject: str = Field(pattern=NAME)
    """The subject that it belongs to."""

    @model_validator(mode="after")
    def _check_slo(self) -> Self:
        if self.slo is not None:
            raise ValueError("slo is not set by hand: SLOs are defined in subject.toml")
        return self


class InvariantView(BaseModel):
    """An invariant of a subject, and whether it holds."""

    subject: str
    name: str
    query: str
    operator: Operator
    threshold: float
    source: Source
    severity: Severity
    for_seconds: float
    keep_seconds: float = 0
    window_seconds: float
    recover: float | None = None
    no_data: str
    summary: str = ""
    slo: str | None = None
    """The SLO whose burn rate it is."""
    by: str | None = None
    """Who added it; absent: the subject's definition."""
    state: State | Literal["not evaluated"] = "not evaluated"
    at: float | None = None
    """When it was last evaluated, in seconds since 1970."""
    since: float | None = None
    """Since when it is in this state."""
    value: float | None = None
    message: str = ""
    silenced: bool = False
    samples: list[tuple[float, float | None]] = []
    """The newest values, the oldest first, with their times."""

    @classmethod
    def of(cls, watched: Watched, samples: Sequence[Sample] = ()) -> InvariantView:
        """Describe an invariant."""
        invariant, found = watched.invariant, watched.judgement
        return cls(
            **invariant.model_dump(),
            subject=watched.subject,
            by=watched.by,
            state="not evaluated" if found is None else found.state,
            at=found and found.at,
            since=found and found.since,
            value=found and _finite(found.value),
            message=found.message if found else "",
            silenced=watched.silenced,
            samples=[(each.at, _finite(each.value)) for each in samples],
        )


class InvariantList(BaseModel):
    """Invariants with their states."""

    invariants: list[InvariantView]


class SubjectView(BaseModel):
    """A service under care."""

    name: str
    summary: str = ""
    folder: str
    owner: str | None = None
    """The user who decides about its changes; without one only admins do."""
    changes: Changes
    health: str | None = None
    metrics: str | None = None
    logs: str | None = None
    added_by: str
    added: float
    states: dict[str, int] = {}
    """How many of its invariants are in which state."""


class SubjectList(BaseModel):
    """The services under care."""

    subjects: list[SubjectView]


class CareStatus(BaseModel):
    """All subjects, and the invariants that do not hold."""

    subjects: list[SubjectView]
    failing: list[InvariantView]
    evaluated: float | None = None
    """When the newest evaluation was, in seconds since 1970."""
    overdue: bool = False
    """Whether the next evaluation should have been long ago: probably no worker is running."""


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


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


class SubjectDetail(SubjectView):
    """A service under care, with its invariants, tickets and changes."""

    invariants: list[InvariantView]
    tickets: list[TicketView]
    """The last changed first, those that are resolved or closed too."""
    recent: list[ChangeView]
    """The newest changes, the newest first."""
    may_change: bool = True
    """Whether who asks owns it, or is an admin."""


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


class SilenceBody(Body):
    """A time in which invariants open no tickets."""

    subject: str = Field(pattern=NAME)
    """The subject whose invariants are silenced."""
    invariant: str | None = Field(default=None, pattern=NAME)
    """Absent: all of the subject."""
    seconds: float = Field(gt=0, le=30 * 86_400, allow_inf_nan=False)
    """For how long, from now."""
    reason: str = Field(min_length=1, max_length=500)
    """Why, for those who wonder."""


class SilenceView(BaseModel):
    """A silence that holds now."""

    id: str
    subject: str
    invariant: str | None = None
    until: float
    """Seconds since 1970."""
    reason: str
    by: str


class SilenceList(BaseModel):
    """The silences that hold now."""

    silences: list[SilenceView]
