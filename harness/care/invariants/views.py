"""What the API returns for SLOs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from harness.care.invariants.invariant import Severity
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
