"""The record of Temporal's page."""

from harness.contracts.capability import Capability

TEMPORAL_PAGE = Capability(
    name="temporal_page",
    summary="Serve Temporal's own web page to admins, with encrypted and large content decoded.",
    page="how-to/temporal-page.md",
    requires=("api",),
    settings="harness.temporal_page.settings:TemporalPageSettings",
    routes="harness.temporal_page.routes:ROUTES",
)
