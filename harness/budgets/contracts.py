"""What runs and workers say to each other about shared budgets. Pure."""

from __future__ import annotations

from harness.contracts.base import Word
from harness.contracts.steering import Grant

GRANT = "grant_shared_budget"
"""The activity that grants more, after a person decided."""


class GrantShared(Word):
    """Grant more of the budgets for which the run waits."""

    turn: int
    more: Grant | None = None
    """How much; absent means as much again as the budget had at first."""
    by: str | None = None
    """Who decided, if the decision says so."""
