"""The record of limits."""

from harness.contracts.capability import Capability

LIMITS = Capability(
    name="limits",
    summary="Keep requests and tokens per minute, and calls at once, within limits across workers.",
    page="how-to/limits.md",
    requires=("api",),
    commands="harness.cli.limits.table:LIMITS_COMMANDS",
    settings="harness.limits.settings:LimitsSettings",
    routes="harness.limits.routes:ROUTES",
    migrations="harness.limits.migrations",
    model_interceptor="harness.limits.model_limits:make_interceptor",
    tool_interceptor="harness.limits.pools:make_interceptor",
)
