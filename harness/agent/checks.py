"""Check limits when they are declared, not when a run reaches them."""

from __future__ import annotations

import math

from harness.contracts.errors import InvalidValue
from harness.contracts.run import Budget

DEFAULT_TURNS = 100
"""Stops a model that repeats itself, if no limit is set."""


def is_positive(value: object) -> bool:
    """Whether `value` is a finite number above 0."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value > 0
    )


def check_budget(budget: Budget) -> None:
    """Raise if a limit is not above 0. `Budget` accepts any number: old runs may have one."""
    for name in ("turns", "tokens", "cost_micros", "seconds"):
        value = getattr(budget, name)
        if value is not None and not is_positive(value):
            raise InvalidValue(
                f"The budget has {name}={value!r}, which is not a number above 0.",
                fix=f"Give a number above 0, or leave {name} out.",
            )


def with_default_turns(budget: Budget) -> Budget:
    """Add the default limit of turns if the budget has none."""
    return budget.model_copy(update={"turns": DEFAULT_TURNS}) if budget.turns is None else budget
