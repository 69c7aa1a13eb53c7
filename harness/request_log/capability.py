"""The record of the request log."""

from harness.contracts.capability import Capability

REQUEST_LOG = Capability(
    name="request_log",
    summary="Record the requests to model providers and their answers, for a limited time.",
    page="how-to/request-log.md",
    requires=("api",),
    commands="harness.cli.request_log.table:REQUEST_LOG_COMMANDS",
    settings="harness.request_log.settings:RequestLogSettings",
    routes="harness.request_log.routes:ROUTES",
    panels="harness.request_log.panels:PANELS",
    migrations="harness.request_log.migrations",
    service="harness.request_log.retention:serve_retention",
    model_interceptor="harness.request_log.interceptor:make_interceptor",
)
