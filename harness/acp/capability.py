"""The record of ACP."""

from harness.contracts.capability import Capability

ACP = Capability(
    name="acp",
    summary="Serve an agent to an editor that speaks the Agent Client Protocol.",
    page="how-to/acp.md",
    commands="harness.cli.acp.table:ACP_COMMANDS",
)
