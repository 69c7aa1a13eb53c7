"""Limits that users give: refused where they are given, not when a run meets them."""

from __future__ import annotations

import math

from harness.contracts.errors import InvalidValue
from harness.contracts.run import Budget

DEFAULT_TURNS = 100
"""Without a limit a model that goes in circles would do so until somebody looks."""


def is_positive(value: object) -> bool:
    """Whether it is a number above 0, and neither infinite nor NaN."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value > 0
    )


def check_budget(budget: Budget) -> None:
    """Raise where a limit is not above 0. The word takes any number: old runs may hold one."""
    for name in ("turns", "tokens", "cost_micros", "seconds"):
        value = getattr(budget, name)
        if value is not None and not is_positive(value):
            raise InvalidValue(
                f"The budget has {name}={value!r}, which is not a number above 0.",
                fix=f"Give a number above 0, or leave {name} out.",
            )


def with_default_turns(budget: Budget) -> Budget:
    """What a run pins: a limit of turns in any case."""
    return budget.model_copy(update={"turns": DEFAULT_TURNS}) if budget.turns is None else budget
