"""Service level objectives: how many requests may fail, and how fast that budget is used up. Pure.

Each expands to invariants over the burn rate: 1 uses up exactly the error budget in the period. A
short window next to a long one makes it hold again soon after the repair (Google's SRE workbook,
"Alerting on SLOs").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.care.invariants.invariant import Invariant, Severity, Text

WINDOW = "{window}"
SLO_NAME = r"^[a-z][a-z0-9_-]{0,49}$"
DAY = 86_400
Query = Annotated[Text, Field(min_length=1, max_length=2_000)]
Alarm = Severity | Literal["off"]


class Burn(NamedTuple):
    """How fast the budget may be used up, at most. Windows are seconds for each day of the period:
    at 30 days they are those of the workbook, and the share of the budget that is gone when the
    invariant breaks is the same for each period."""

    factor: float
    long: int
    short: int
    is_fast: bool

    @property
    def label(self) -> str:
        return f"burn-{int(self.factor)}x"


BURNS = (
    Burn(14.4, 120, 10, True),  # 1 h and 5 min at 30 days: 2 % of the budget
    Burn(6.0, 720, 60, True),  # 6 h and 30 min: 5 %
    Burn(3.0, 2_880, 240, False),  # 1 day and 2 h: 10 %
    Burn(1.0, 8_640, 720, False),  # 3 days and 6 h: 10 %
)


class Slo(BaseModel):
    """An objective: at least so many per cent of all events are good. `{window}` in its queries
    stands for a time such as 5m."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field(pattern=SLO_NAME)
    """Unique in its subject."""
    objective: float = Field(gt=0, lt=100, allow_inf_nan=False)
    """Per cent of the events that must be good, such as 99.9."""
    days: int = Field(default=30, ge=1, le=90)
    """The period of the error budget: always the last so many days."""
    bad: Query | None = None
    """PromQL: the rate of bad events. Nothing is none, if `total` returns something."""
    total: Query | None = None
    """PromQL: the rate of all events."""
    ratio: Query | None = None
    """PromQL, instead of `bad` and `total`: the share of bad events, from 0 to 1."""
    fast: Alarm = "critical"
    """The severity of using it up within days; `off`: no invariant."""
    slow: Alarm = "warning"
    """The severity of using it up within weeks."""
    no_data: Literal["unknown", "broken", "holds"] = "unknown"
    """What its invariants are if there were no events."""
    summary: Text = Field(default="", max_length=300)
    """What it means for users of the service."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [each for each in (self.bad, self.total, self.ratio) if each is not None]
        if (self.ratio is None) == (self.bad is None) or (self.bad is None) != (self.total is None):
            raise ValueError("it needs either bad and total, or ratio")
        if any(WINDOW not in each for each in given):
            raise ValueError(f"each query needs {WINDOW}, such as rate(errors[{WINDOW}])")
        return self

    @property
    def allowed(self) -> Decimal:
        """The share of events that may be bad: 0.001 for 99.9 %."""
        return (100 - Decimal(str(self.objective))) / 100

    def ask_ratio(self, seconds: int) -> str:
        """The query of the share of bad events in a window."""
        window = format_window(seconds)
        if self.ratio is not None:
            return self.ratio.replace(WINDOW, window)
        bad, total = (str(each).replace(WINDOW, window) for each in (self.bad, self.total))
        # A counter of errors often does not exist before the first error.
        return f"(({bad}) or 0 * ({total})) / ({total})"

    def ask_burn(self, burn: Burn) -> str:
        """The query of the smaller of two burn rates: that of the long and of the short window."""
        long, short = (
            f"({self.ask_ratio(days * self.days)}) / {self.allowed:f}"
            for days in (burn.long, burn.short)
        )
        return f"({long}) < ({short}) or ({short})"

    def expand(self) -> list[Invariant]:
        """The invariants that break while the budget is used up too fast."""
        return [
            Invariant(
                name=f"{self.name}-{burn.label}", query=self.ask_burn(burn), operator="<",
                threshold=burn.factor, severity=severity, no_data=self.no_data, slo=self.name,
                window_seconds=min(burn.short * self.days, DAY),
                summary=self._describe(burn),
            )
            for burn in BURNS
            if (severity := self.fast if burn.is_fast else self.slow) != "off"
        ]  # fmt: skip

    def read_left(self, ratios: Sequence[float]) -> float | None:
        """The share of the error budget that is left, of the worst of some series: below 0 if it
        is overspent, None if there are no events."""
        known = [each for each in ratios if math.isfinite(each)]
        return 1 - max(known) / float(self.allowed) if known else None

    def _describe(self, burn: Burn) -> str:
        gone = f"At this rate the error budget of {self.days} days lasts {{:.2g}} days."
        return f"{self.summary} {gone.format(self.days / burn.factor)}".strip()


def format_window(seconds: int) -> str:
    """Write a time as PromQL does: 5m, 36h, 70s."""
    for size, letter in ((DAY, "d"), (3_600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"
