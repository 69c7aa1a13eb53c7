"""The record of the activity log."""

from harness.contracts.capability import Capability

ACTIVITY = Capability(
    name="activity",
    summary="Show who did what: starts, decisions, steering, undos, deletions, users and tokens.",
    page="how-to/activity.md",
    requires=("api",),
    routes="harness.activity.routes:ROUTES",
)
