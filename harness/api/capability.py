"""The record of the API."""

from harness.contracts.capability import Capability

API = Capability(
    name="api",
    summary="Serve the HTTP API: start, follow, steer and undo runs from other programs.",
    page="how-to/api.md",
    requires=("access",),
    commands="harness.cli.serve.table:SERVE_COMMANDS",
    settings="harness.api.settings:ApiSettings",
    routes="harness.api.routes:ROUTES",
)
