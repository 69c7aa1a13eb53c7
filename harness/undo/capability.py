"""The record of undo."""

from harness.contracts.capability import Capability

UNDO = Capability(
    name="undo",
    summary="List the effects of a run, and undo them.",
    page="how-to/undo.md",
    essential=True,
    commands="harness.cli.undo.table:UNDO_COMMANDS",
    routes="harness.undo.routes:ROUTES",
    agent_workflows=("harness_workflows.undo:Undo",),
    agent_activities=("harness_activities.undo:make_activities",),
)
