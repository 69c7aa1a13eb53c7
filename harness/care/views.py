"""What the API takes and returns for subjects, invariants and silences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from harness.api.body import Body
from harness.care.invariants.invariant import NAME, Invariant, Operator, Severity, Source
from harness.care.invariants.judge import State
from harness.care.invariants.rows import Sample, Watched
from harness.care.subjects.subject import Changes
from harness.care.ticket_views import ChangeView, TicketView


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


class SubjectDetail(SubjectView):
    """A service under care, with its invariants, tickets and changes."""

    invariants: list[InvariantView]
    tickets: list[TicketView]
    """The last changed first, those that are resolved or closed too."""
    recent: list[ChangeView]
    """The newest changes, the newest first."""
    may_change: bool = True
    """Whether who asks owns it, or is an admin."""


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
