"""The record of runs."""

from harness.contracts.capability import Capability

RUNS = Capability(
    name="runs",
    summary="Start, follow and steer runs, and decide what they ask.",
    page="how-to/steer.md",
    essential=True,
    commands="harness.cli.runs.table:RUNS_COMMANDS",
    routes="harness.runs.routes:ROUTES",
    agent_workflows=("harness_workflows.run.agent_run:AgentRun",),
    agent_activities=(
        "harness_activities.model_call.activity:make_activities",
        "harness_activities.tool_call.activity:make_activities",
        "harness_activities.agent_code:make_activities",
    ),
)
