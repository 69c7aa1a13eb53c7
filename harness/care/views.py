"""What the API takes and returns for metrics and logs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from harness.care.telemetry.digest import Digest

Source = Literal["metrics", "logs"]


class QueryBody(BaseModel):
    """A query over metrics (PromQL) or logs (LogQL)."""

    query: str = Field(min_length=1, max_length=20_000)
    source: Source = "metrics"
    seconds: float | None = Field(default=None, gt=0, le=90 * 86_400, allow_inf_nan=False)
    """How far back from `end`. Absent: metrics at one moment, logs of the last hour."""
    end: float | None = Field(default=None, ge=0, le=1e11, allow_inf_nan=False)
    """Seconds since 1970. Absent: now."""
    step: float | None = Field(default=None, gt=0, le=86_400, allow_inf_nan=False)
    """Seconds between the points of a curve. Absent: so that a curve has 240."""
    limit: int = Field(default=100, ge=1, le=5_000)
    """Most lines of logs, or curves, that are returned."""


class LevelChange(BaseModel):
    """A moment at which the level of a curve changed."""

    at: float
    before: float
    after: float
    strength: float
    """The difference in standard errors."""


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

    @classmethod
    def of(
        cls, labels: dict[str, str], points: list[tuple[float, float | None]], digest: Digest
    ) -> Curve:
        """Describe a curve."""
        changes = [LevelChange(**each._asdict()) for each in digest.changes]
        return cls(
            name=digest.name, labels=labels, points=points, first=digest.first, last=digest.last,
            least=digest.least, most=digest.most, mean=digest.mean, median=digest.median,
            p95=digest.p95, changes=changes,
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
