"""The commands of MCP."""
