"""The record of policies."""

from harness.contracts.capability import Capability

POLICIES = Capability(
    name="policies",
    summary="Allow tool calls, deny them or ask people, by rules.",
    page="how-to/policies.md",
    requires=("api",),
    commands="harness.cli.policies.table:POLICIES_COMMANDS",
    settings="harness.policies.settings:PoliciesSettings",
    routes="harness.policies.routes:ROUTES",
    migrations="harness.policies.migrations",
    tool_interceptor="harness.policies.interceptor:make_interceptor",
)
