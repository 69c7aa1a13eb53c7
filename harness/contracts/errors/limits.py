"""A call had to wait too long for its turn."""

from __future__ import annotations

from harness.contracts.errors.tool import ToolError


class PoolBusy(ToolError):
    """A tool's pool had no room for the call for ten minutes. The call is repeated, and keeps its
    turn."""

    code = "limits.pool_busy"
    fix = "Retried automatically. To see who holds the pool: `harness pools`."
    retryable = True
