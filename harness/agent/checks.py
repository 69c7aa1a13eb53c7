"""Check limits when they are declared, not when a run reaches them."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts.errors import InvalidAgent, InvalidValue
from harness.contracts.run import Budget

DEFAULT_TURNS = 100
"""Stops a model that repeats itself, if no limit is set."""


LARGEST = 10**15
"""Of whole numbers; JavaScript reads larger ones with errors."""
LONGEST_S = 10 * 365 * 86_400
"""A timer of Temporal lasts up to 292 years."""


def is_positive(value: object, most: int = LARGEST) -> bool:
    """Whether `value` is a number above 0, up to `most`."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most


def check_budget(budget: Budget) -> None:
    """Raise if a limit is not above 0, or beyond what can be counted. `Budget` accepts any number:
    old runs may have one."""
    for name in ("turns", "tokens", "cost_micros", "seconds"):
        value, most = getattr(budget, name), LONGEST_S if name == "seconds" else LARGEST
        if value is not None and not is_positive(value, most):
            raise InvalidValue(
                f"The budget has {name}={value!r:.40}, which is not a number above 0 and up to "
                f"{most:,}.",
                fix=f"Give such a number, or leave {name} out.",
            )
    limits = (budget.tokens, budget.cost_micros, budget.seconds)
    if budget.shared is not None and limits == (None, None, None):
        raise InvalidValue(
            f"The budget is shared={budget.shared!r}, but limits nothing that can be shared.",
            fix="Give tokens, cost_micros or seconds, or leave shared out.",
        )


def with_default_turns(budget: Budget) -> Budget:
    """Add the default limit of turns if the budget has none."""
    return budget.model_copy(update={"turns": DEFAULT_TURNS}) if budget.turns is None else budget


def check_lists(agent: str, **given: object) -> None:
    """Refuse options of an agent that are not lists, for users without a type checker."""
    for option, value in given.items():
        if isinstance(value, Sequence) and not isinstance(value, str):
            continue
        called = getattr(value, "name", None) or getattr(value, "__name__", None) or repr(value)
        put = f"Put it in a list: {option}=[{called}]"
        hint = "Leave it out for none." if value is None else put
        raise InvalidAgent(f"Agent {agent}: {option}={called} is not a list.", fix=hint)
