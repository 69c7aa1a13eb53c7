"""The record of shared budgets."""

from harness.contracts.capability import Capability

BUDGETS = Capability(
    name="budgets",
    summary="Hold runs to shared budgets of tokens, money and time, and show what was spent.",
    page="how-to/budgets.md",
    requires=("api",),
    commands="harness.cli.budgets.table:BUDGETS_COMMANDS",
    settings="harness.budgets.settings:BudgetsSettings",
    routes="harness.budgets.routes:ROUTES",
    migrations="harness.budgets.migrations",
    agent_activities=("harness_activities.budgets:make_activities",),
    model_interceptor="harness.budgets.keeper:make_interceptor",
)
