"""The record of forgetting."""

from harness.contracts.capability import Capability

FORGET = Capability(
    name="forget",
    summary="Make the content of a run permanently unreadable.",
    page="how-to/encryption.md",
    commands="harness.cli.forget.table:FORGET_COMMANDS",
    routes="harness.forget.routes:ROUTES",
)
