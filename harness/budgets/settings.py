"""The settings of shared budgets."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator

from harness.config.settings import Section

MOST = 10**12
EVERYONE = "*"
_AGENT = re.compile(r"\*|[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
Dollars = Annotated[Decimal, Field(gt=0, le=10**6, max_digits=13, decimal_places=6)]


class DailyBudget(Section):
    """What may be used in a day of UTC. An unset value is no limit."""

    tokens_per_day: int | None = Field(default=None, ge=1, le=MOST)
    """Input and output together."""
    cost_per_day: Dollars | None = None
    """US dollars, written as a text: "5.00"."""


class BudgetsSettings(Section):
    restricts = True

    agents: dict[str, DailyBudget] = {}
    """Budgets of agents, by name: all their runs together. "*": each agent that has none of its
    own."""
    owners: dict[str, DailyBudget] = {}
    """Budgets of owners, by user: all their runs together. "*": each user who has none of their
    own."""

    @field_validator("agents")
    @classmethod
    def _check_agents(cls, agents: dict[str, DailyBudget]) -> dict[str, DailyBudget]:
        for name in agents:
            if not _AGENT.fullmatch(name):
                raise ValueError(f"{name[:60]!r} is not the name of an agent, nor *")
        return agents

    @field_validator("owners")
    @classmethod
    def _check_owners(cls, owners: dict[str, DailyBudget]) -> dict[str, DailyBudget]:
        for name in owners:
            if not 0 < len(name) <= 250 or not name.isprintable():
                raise ValueError(f"{name[:60]!r} is not a user, nor *")
        return owners
