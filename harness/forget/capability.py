"""The record of forgetting."""

from harness.contracts.capability import Capability

FORGET = Capability(
    name="forget",
    summary="Make what a run said unreadable, everywhere and permanently.",
    page="how-to/encryption.md",
    commands="harness.cli.forget.table:FORGET_COMMANDS",
)
