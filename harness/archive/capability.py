"""The record of the archive."""

from harness.contracts.capability import Capability

ARCHIVE = Capability(
    name="archive",
    summary="Keep ended runs beyond Temporal's retention, and prove that they are unchanged.",
    page="how-to/archive.md",
    essential=True,
    commands="harness.cli.archive.table:ARCHIVE_COMMANDS",
    routes="harness.archive.routes:ROUTES",
    settings="harness.archive.settings:ArchiveSettings",
    workflows=("harness_workflows.sweep:Sweep",),
    activities=("harness_activities.archive:make_activities",),
    unsigned=True,
    service="harness_workers.sweeping:serve_sweep",
)
