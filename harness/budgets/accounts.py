"""Which budgets a model call is charged to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.budgets.settings import EVERYONE, BudgetsSettings, DailyBudget
from harness.contracts.budget import Budget
from harness.interceptors import Caller


@dataclass(frozen=True, kw_only=True)
class Account:
    """A budget that several runs share. None: no limit; where all are None, those that the store
    has apply."""

    key: str
    """`run:ID`, `session:ID`, `agent:NAME` or `owner:USER`."""
    daily: bool = False
    """Whether each day has an account of its own."""
    owner: str | None = None
    tokens: int | None = None
    cost: int | None = None
    """Millionths of a US dollar."""
    seconds: float | None = None


def find_accounts(settings: BudgetsSettings, caller: Caller, root: str | None) -> list[Account]:
    """List the budgets of a call, in the order in which they are locked.

    Args:
        settings: Budgets of agents and owners.
        caller: Who makes the call.
        root: The key of the budget of the run at the top, if an agent started this run as a tool.

    Returns:
        The budgets; most calls have none.
    """
    found: list[Account] = []
    if root is not None:
        found.append(Account(key=root, owner=caller.owner))
    elif caller.budget is not None:
        found.append(_read_shared(caller, caller.budget))
    agent = settings.agents.get(caller.agent) or settings.agents.get(EVERYONE)
    if agent is not None:
        found.append(_read_daily(f"agent:{caller.agent}", agent))
    if caller.owner is not None:
        owner = settings.owners.get(caller.owner) or settings.owners.get(EVERYONE)
        if owner is not None:
            found.append(replace(_read_daily(f"owner:{caller.owner}", owner), owner=caller.owner))
    found = [each for each in found if each.key == root or _has_limit(each)]
    return sorted(found, key=lambda each: each.key)


def is_configured(key: str) -> bool:
    """Whether the settings name the budget, so that only admins grant more of it."""
    return key.startswith(("agent:", "owner:"))


def _read_shared(caller: Caller, budget: Budget) -> Account:
    in_session = budget.shared == "session" and caller.session is not None
    return Account(
        key=f"session:{caller.session}" if in_session else f"run:{caller.run}",
        owner=caller.owner,
        tokens=budget.tokens,
        cost=budget.cost_micros,
        seconds=budget.seconds,
    )


def _read_daily(key: str, budget: DailyBudget) -> Account:
    cost = None if budget.cost_per_day is None else int(budget.cost_per_day * 1_000_000)
    return Account(key=key, daily=True, tokens=budget.tokens_per_day, cost=cost)


def _has_limit(account: Account) -> bool:
    return (account.tokens, account.cost, account.seconds) != (None, None, None)
