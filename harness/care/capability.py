"""The records of care."""

from harness.contracts.capability import Capability

CARE = Capability(
    name="care",
    summary="Watch services, and repair them with permission: metrics, invariants, tickets.",
    page="how-to/care.md",
    requires=("api", "undo"),
    commands="harness.cli.care.table:CARE_COMMANDS",
    settings="harness.care.settings:CareSettings",
    routes="harness.care.routes:ROUTES",
)
