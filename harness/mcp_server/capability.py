"""The record of the MCP server."""

from harness.contracts.capability import Capability

MCP_SERVER = Capability(
    name="mcp_server",
    summary="Serve runs to MCP clients: start, follow and steer them, approve by elicitation.",
    page="how-to/mcp-server.md",
    requires=("api",),
    routes="harness.mcp_server.routes:ROUTES",
)
