"""The record of the web page."""

from harness.contracts.capability import Capability

PAGE = Capability(
    name="page",
    summary="Serve what the web page follows on one socket, and the panels of capabilities.",
    page="how-to/live.md",
    requires=("api",),
    routes="harness.page.routes:ROUTES",
    migrations="harness.page.migrations",
)
