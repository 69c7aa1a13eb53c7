"""An invariant as data. Pure."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

Operator = Literal["<", "<=", ">", ">=", "==", "!="]
Severity = Literal["info", "warning", "critical"]
Source = Literal["metrics", "logs"]
NAME = r"^[a-z][a-z0-9_-]{0,63}$"
HOUR = 3_600
SEVERITIES: dict[str, Severity] = {
    "critical": "critical", "page": "critical", "error": "critical", "high": "critical",
    "info": "info", "none": "info", "low": "info",
}  # fmt: skip
"""What the label `severity` of alerts means; any other word is a warning."""

COMPARE: dict[Operator, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def read_severity(label: str) -> Severity:
    """Read the label `severity` of an alert, in any case."""
    return SEVERITIES.get(label.lower(), "warning")


def _refuse_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("contains the character NUL")
    return text


Text = Annotated[str, AfterValidator(_refuse_nul)]
"""Text that Postgres can store."""


class Invariant(BaseModel):
    """A condition: every series that the query returns is `operator` `threshold`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field(pattern=NAME)
    """Unique in its subject."""
    query: Text = Field(min_length=1, max_length=20_000)
    """PromQL, or LogQL that returns numbers."""
    operator: Operator
    """How each value must compare to the threshold."""
    threshold: float = Field(allow_inf_nan=False)
    """What each value is compared with."""
    source: Source = "metrics"
    """Where the query is answered."""
    severity: Severity = "warning"
    """How bad it is if it is broken."""
    for_seconds: float = Field(default=0, ge=0, le=24 * HOUR, allow_inf_nan=False)
    """How long it must be violated before it counts as broken."""
    keep_seconds: float = Field(default=0, ge=0, le=24 * HOUR, allow_inf_nan=False)
    """How long a broken one must fulfil its condition before it counts as holding again."""
    window_seconds: float = Field(default=60, ge=0, le=24 * HOUR, allow_inf_nan=False)
    """How long it must hold after a change before the change counts as good."""
    recover: float | None = Field(default=None, allow_inf_nan=False)
    """The threshold for holding again, so that it does not flap. Unset: `threshold`."""
    no_data: Literal["unknown", "broken", "holds"] = "unknown"
    """What it is if the query returns nothing."""
    summary: Text = Field(default="", max_length=500)
    """What it means for users of the service."""
    slo: str | None = None
    """The SLO whose burn rate it is. Only an SLO sets it."""

    @field_validator("recover")
    @classmethod
    def _check_recover(cls, recover: float | None, info: ValidationInfo) -> float | None:
        operator_, threshold = info.data.get("operator"), info.data.get("threshold")
        if recover is None or operator_ is None or threshold in (None, recover):
            return recover
        if operator_ in ("==", "!="):
            raise PydanticCustomError(
                "no_recovery", "has no meaning with {operator}", {"operator": operator_}
            )
        if not COMPARE[operator_](recover, threshold):
            # Broken by the threshold, holding by this one, and so on with the same value.
            raise PydanticCustomError(
                "easy_recovery", "must be {bound} the threshold, {threshold}",
                {
                    "bound": "at most" if operator_ in ("<", "<=") else "at least",
                    "threshold": f"{threshold:g}",
                },
            )  # fmt: skip
        return recover

    @property
    def demand(self) -> str:
        """What should be, in words if there are any."""
        return self.summary or self.condition

    @property
    def failure(self) -> str:
        """That it is broken, in one line. Its demand says what should be: said without these words
        it would be read as what is."""
        return f"{self.name} is broken; it should be: {self.demand}"

    @property
    def condition(self) -> str:
        """As a person writes it: `rate(...) < 0.01`."""
        return f"{self.query} {self.operator} {self.threshold:g}"
