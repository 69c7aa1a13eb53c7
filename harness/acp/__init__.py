"""Serves an agent to editors that speak the Agent Client Protocol (ACP)."""
