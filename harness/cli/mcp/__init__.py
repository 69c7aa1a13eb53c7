"""Commands for MCP."""
