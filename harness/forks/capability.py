"""The record of forks and what-ifs."""

from harness.contracts.capability import Capability

FORKS = Capability(
    name="forks",
    summary="Continue a run from an earlier turn, for real or as a what-if.",
    page="how-to/fork.md",
    commands="harness.cli.forks.table:FORKS_COMMANDS",
    routes="harness.forks.routes:ROUTES",
)
