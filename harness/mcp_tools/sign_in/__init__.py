"""Signing in to MCP servers by OAuth 2.1, as the MCP specification says.

The SDK's client speaks OAuth. Here is what surrounds it: where its requests may lead, where tokens
are kept, who refreshes them, and the browser of a person.
"""
