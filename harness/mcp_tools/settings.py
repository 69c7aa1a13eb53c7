"""The section `[mcp]` of the settings."""

from __future__ import annotations

from pydantic import Field, field_validator

from harness.agent.mcp_server import McpServer
from harness.config.settings import Section


class McpSettings(Section):
    servers: dict[str, McpServer] = {}
    """MCP servers by name. See [MCP tools](../how-to/mcp-tools.md)."""
    idle_seconds: float = Field(default=300.0, gt=0, allow_inf_nan=False)
    """How long the connection to a server, and the server's process, are kept open without a
    call."""

    @field_validator("servers")
    @classmethod
    def _name_servers(cls, servers: dict[str, McpServer]) -> dict[str, McpServer]:
        for name, server in servers.items():
            if server.name not in ("", name):
                raise ValueError(f"the server {name} has another name, {server.name}")
            if not name:
                raise ValueError("a server has no name")
            if not server.is_described:
                raise ValueError(f"the server {name} has no command and no url")
        return {
            name: McpServer.model_validate({**_as_fields(server), "name": name})
            for name, server in servers.items()
        }


def _as_fields(server: McpServer) -> dict[str, object]:
    return {name: getattr(server, name) for name in server.model_fields_set}
