"""The record of the web page."""

from harness.contracts.capability import Capability

PAGE = Capability(
    name="page",
    summary="Serve what the web page follows: runs, conversations and approvals on one socket.",
    page="how-to/live.md",
    requires=("api",),
    routes="harness.page.routes:ROUTES",
    migrations="harness.page.migrations",
)
