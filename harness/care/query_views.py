"""What the API takes and returns for queries."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field, model_validator

from harness.api.body import Body
from harness.care.invariants.invariant import Source
from harness.care.telemetry.digest import Digest


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
        if self.seconds is None or self.compare_at is None or self.end is None:
            return self
        if not self.end - self.seconds < self.compare_at < self.end:
            raise ValueError("compare_at must be after the start of the curves, and before end")
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
