"""The record of users and tokens."""

from harness.contracts.capability import Capability

ACCESS = Capability(
    name="access",
    summary="Users with roles, their API tokens and browser sessions.",
    page="how-to/access.md",
    essential=True,
    commands="harness.cli.access.table:ACCESS_COMMANDS",
    routes="harness.access.routes:ROUTES",
    migrations="harness.access.migrations",
)
