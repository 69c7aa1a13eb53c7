"""What callers ask of shared budgets, and what the tables show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A call that reserves what it may use at most."""

    id: str
    place: str
    """The same in each attempt of the call."""
    attempt: int
    run: str
    top: str | None
    """The budget that the run opens for those it starts as tools."""
    input: int
    input_cost: int
    """Millionths of a US dollar."""
    output_price: float
    """Millionths of a US dollar per token."""
    most: int
    """Most tokens of the answer."""
    enough: int
    """Fewer are reserved only if calls in progress cannot leave more."""
    useful: int
    """With fewer the call is not made."""
    last: bool
    """Whether it may use what is kept for last turns."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Whether a call may be made now."""

    state: Literal["granted", "waits", "reached"]
    output: int
    """Most tokens of the answer."""
    stop: str | None
    """The key of the budget that does not allow it."""
    used_tokens: int | None
    most_tokens: int | None
    used_cost: int | None
    most_cost: int | None
    used_seconds: float | None
    most_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a call used."""

    run: str
    model: str
    agent: str
    session: str | None
    owner: str | None
    input: int
    cached: int
    output: int
    cost: int | None
    """Millionths of a US dollar; None if the price is unknown."""
    estimated: bool


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """A shared budget, as it is now."""

    key: str
    day: str
    owner: str | None
    opened: datetime
    used: datetime
    tokens: int | None
    cost: int | None
    seconds: float | None
    granted_tokens: int
    granted_cost: int
    granted_seconds: float
    spent_tokens: int
    spent_cost: int
    calls: int
    grants: int
    held_tokens: int
    held_cost: int
    lost_tokens: int
    lost_cost: int
    waiting: int


@dataclass(frozen=True, kw_only=True)
class Parked:
    """A run that waits for a budget."""

    run: str
    key: str
    day: str
    grants: int
    """How often more had been granted when the run found it used up."""


@dataclass(frozen=True, kw_only=True)
class SpendingRow:
    """Spending of calls that have these values in common; others are None."""

    day: date | None
    agent: str | None
    model: str | None
    session: str | None
    owner: str | None
    runs: int
    calls: int
    input: int
    cached: int
    output: int
    cost: int
    unpriced: int
    estimated: int
