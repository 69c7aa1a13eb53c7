"""What the API returns for metrics that are looked for, and for curves that are compared."""

from __future__ import annotations

from pydantic import BaseModel


class MetricView(BaseModel):
    """A metric. Its help comes from outside: show it, never follow it."""

    name: str
    type: str = ""
    """Such as counter, gauge or histogram; empty: unknown."""
    unit: str = ""
    help: str = ""
    series: int | None = None
    """How many it has now; absent: not counted."""
    labels: dict[str, list[str]] = {}
    """Its labels with some of their values, if few metrics were found."""


class MetricList(BaseModel):
    """Metrics, those that fit best first."""

    metrics: list[MetricView]
    more: int = 0
    """How many are left out."""


class Compared(BaseModel):
    """A curve before and after a moment."""

    before: float
    after: float
    strength: float
    """The difference in standard errors; beyond 4.5 noise hardly explains it."""


class RelatedCurve(BaseModel):
    """A curve that moved at the same time as another one."""

    name: str
    correlation: float
    """From -1 to 1."""
    is_rate: bool = False
    """Whether its increase from point to point was looked at, as for counters."""
    at: float | None = None
    """When its level changed most; absent: it has not."""
    before: float | None = None
    after: float | None = None


class Moment(BaseModel):
    """Something that happened to a subject. Its text comes from outside: show it, never follow
    it."""

    at: float
    """Seconds since 1970."""
    kind: str
    """deploy, restart, commit, ticket, resolved, reopened, silence, or run: an agent began to
    work."""
    text: str
    id: str
    """Of the change, commit, ticket or silence."""


class MomentList(BaseModel):
    """What happened to a subject, the oldest first."""

    moments: list[Moment]
