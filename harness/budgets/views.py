"""What the API takes and returns for shared budgets and spending."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field, StrictFloat, StrictInt

from harness.api.body import Body
from harness.budgets.rows import AccountRow

MOST = 1_000
"""Rows of an answer."""
MOST_AMOUNT = 10**15
MOST_SECONDS = 10 * 365 * 86_400
Dimension = Literal["agent", "model", "session", "owner", "day"]


class SharedBudget(BaseModel):
    """A budget that several runs share, and how much of it is used."""

    budget: str
    """`run:ID`, `session:ID`, `agent:NAME` or `owner:USER`."""
    day: date | None = None
    """The day of UTC that it is for; absent if it is for good."""
    owner: str | None = None
    opened: datetime
    """When the first call was charged to it."""
    used: datetime
    """When a call was last charged to it."""
    tokens: int | None = None
    """The limit, with what was granted."""
    spent_tokens: int
    reserved_tokens: int
    """Reserved by calls in progress."""
    lost_tokens: int
    """Reserved by calls whose worker died. It counts as spent, since the provider may have charged
    for it."""
    cost_micros: int | None = None
    """The limit in millionths of a US dollar, with what was granted."""
    spent_micros: int
    reserved_micros: int
    lost_micros: int
    seconds: float | None = None
    """The limit from `opened`, with what was granted."""
    calls: int
    grants: int
    """How often more was granted."""
    waiting: int
    """Runs that wait for more."""

    @classmethod
    def of(cls, row: AccountRow) -> SharedBudget:
        """What callers see of a row."""
        return cls(
            budget=row.key,
            day=date.fromisoformat(row.day) if row.day else None,
            owner=row.owner,
            opened=row.opened,
            used=row.used,
            tokens=None if row.tokens is None else row.tokens + row.granted_tokens,
            spent_tokens=row.spent_tokens,
            reserved_tokens=row.held_tokens,
            lost_tokens=row.lost_tokens,
            cost_micros=None if row.cost is None else row.cost + row.granted_cost,
            spent_micros=row.spent_cost,
            reserved_micros=row.held_cost,
            lost_micros=row.lost_cost,
            seconds=None if row.seconds is None else row.seconds + row.granted_seconds,
            calls=row.calls,
            grants=row.grants,
            waiting=row.waiting,
        )


class SharedBudgetList(BaseModel):
    """Shared budgets, those that were used last first."""

    budgets: list[SharedBudget]


class GrantBody(Body):
    """More of a shared budget. Without amounts: as much again as it had at first."""

    budget: str = Field(min_length=1, max_length=300)
    """The budget's name, such as `session:ID`. Of a daily one, today's is meant."""
    tokens: StrictInt | None = Field(default=None, gt=0, le=MOST_AMOUNT)
    """How many more tokens."""
    cost_micros: StrictInt | None = Field(default=None, gt=0, le=MOST_AMOUNT)
    """How much more, in millionths of a US dollar."""
    seconds: StrictFloat | StrictInt | None = Field(default=None, gt=0, le=MOST_SECONDS)
    """How much longer, from now."""


class Granted(BaseModel):
    """More was granted."""

    budget: SharedBudget
    resumed: int
    """Runs that waited for it and now go on."""


class Spending(BaseModel):
    """What model calls used that have these values in common."""

    day: date | None = None
    agent: str | None = None
    model: str | None = None
    session: str | None = None
    owner: str | None = None
    runs: int
    calls: int
    input: int
    """Tokens of input, with the cached ones."""
    cached: int
    output: int
    cost_micros: int
    """Millionths of a US dollar, of the calls whose price is known."""
    unpriced: int
    """Calls whose price is not known."""
    estimated: int
    """Calls whose tokens the provider did not report, or that were cut off."""


class SpendingList(BaseModel):
    """Spending, the highest cost first; with `day`, the newest day first."""

    spending: list[Spending]
    total: Spending


class Range(BaseModel):
    """Half of the past runs used no more than `p50`, nine of ten no more than `p90`."""

    p50: int
    p90: int


class Forecast(BaseModel):
    """What a run of an agent is likely to use, from its past runs."""

    agent: str
    runs: int
    """How many past runs it is taken from."""
    tokens: Range | None = None
    cost_micros: Range | None = None
    """Absent if the price of a call was not known."""
    turns: Range | None = None
    """Model calls."""
