"""The record of MCP tools."""

from harness.contracts.capability import Capability

MCP = Capability(
    name="mcp",
    summary="Use the tools of MCP servers, over stdio or streamable HTTP.",
    page="how-to/mcp-tools.md",
    essential=True,
    commands="harness.cli.mcp.table:MCP_COMMANDS",
    settings="harness.mcp_tools.settings:McpSettings",
)
