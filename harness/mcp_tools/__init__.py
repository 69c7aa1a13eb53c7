"""MCP servers as tools: what servers declare, what was approved of it, and calls to them.

A server is someone else's program. What it declares is read within limits and kept as approved; a
difference later is refused until it is approved too. Its answers are read within limits as well.
"""
