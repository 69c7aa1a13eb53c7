"""The record of evaluations."""

from harness.contracts.capability import Capability

EVALS = Capability(
    name="evals",
    summary="Run agents over data sets, check the answers and compare with earlier evaluations.",
    page="how-to/evaluate.md",
    requires=("api", "forks"),
    commands="harness.cli.evals.table:EVALS_COMMANDS",
    routes="harness.evals.routes:ROUTES",
    panels="harness.evals.panels:PANELS",
    migrations="harness.evals.migrations",
    workflows=("harness_workflows.evals:EvalRun",),
    patient=True,
    activities=("harness_activities.evals:make_activities",),
    max_activities=64,
)
