"""A shared budget allows no further call."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class BudgetError(HarnessError):
    """A shared budget allows no further call, or cannot be used."""


class SharedBudgetReached(BudgetError):
    """A budget that the run shares with others does not suffice for another model call. The run
    waits for a person, who grants more or lets it finish."""

    code = "budgets.reached"
    fix = "List the budgets: `harness budgets`. Grant more, or decide what the run asks."


class BudgetBusy(BudgetError):
    """Calls of other runs have reserved what is left of a shared budget. They usually use less, so
    the call waits for them."""

    code = "budgets.busy"
    fix = "Retried automatically. To see who uses it: `harness budgets`."
    retryable = True
    waited = True


class ModelUnpriced(BudgetError):
    """A budget limits the cost of a model whose price is not known: the call is not made, because
    its cost could not be counted."""

    code = "budgets.unpriced"
    fix = "Add the model's price to harness.toml, or limit tokens instead of cost."


class BudgetNotFound(BudgetError):
    """No shared budget has that name, or it belongs to another user."""

    code = "budgets.not_found"
    fix = "List the budgets: `harness budgets`."
    http_status = 404
