"""Serves runs to MCP clients: tools to start, follow and steer them, over HTTP and stdio."""
