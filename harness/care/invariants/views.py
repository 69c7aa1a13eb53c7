"""What the API takes and returns for SLOs and imported rules."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from harness.api.body import Body
from harness.care.invariants.invariant import NAME, Severity
from harness.care.invariants.judge import State


class BurnView(BaseModel):
    """How fast an error budget is used up: 1 uses up exactly the budget in its period."""

    invariant: str
    """The name of the invariant that watches it."""
    limit: float
    long_seconds: float
    short_seconds: float
    severity: Severity
    state: State | Literal["not evaluated"] = "not evaluated"
    value: float | None = None
    """The smaller of the rates in both windows, when it was last evaluated."""


class SloView(BaseModel):
    """A service level objective, and its error budget."""

    subject: str
    name: str
    summary: str = ""
    objective: float
    """Per cent of the events that must be good."""
    days: int
    """The period of the error budget."""
    query: str
    """The share of bad events in the period."""
    bad_share: float | None = None
    """Of all events in the period, from 0 to 1; absent: unknown."""
    left: float | None = None
    """The share of the error budget that is left; below 0 if it is overspent; absent: unknown."""
    message: str = ""
    """Why it is unknown."""
    burns: list[BurnView] = []


class SloList(BaseModel):
    """Service level objectives."""

    slos: list[SloView]


class ImportBody(Body):
    """Alert rules to add to a subject."""

    subject: str = Field(pattern=NAME)
    """The subject that the invariants belong to."""
    content: str = Field(min_length=1, max_length=1_000_000)
    """The file of rules: YAML with groups, or a PrometheusRule of Kubernetes."""
    dry_run: bool = False
    """Whether to say only what would be done."""


class ImportedRule(BaseModel):
    """A rule of the file, and what becomes of it."""

    group: str
    rule: str
    name: str | None = None
    """The name of the invariant."""
    outcome: Literal["added", "updated", "unchanged", "left out"]
    condition: str = ""
    """What must hold."""
    reason: str = ""
    """Why it is left out."""


class ImportView(BaseModel):
    """The rules of a file, and what became of them."""

    rules: list[ImportedRule]
    dry_run: bool = False
