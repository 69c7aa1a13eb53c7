"""Explain why a run makes no progress."""

from __future__ import annotations

from harness.contracts.errors import HarnessError
from harness.terminal.backend import BackendRun


async def why_idle(run: BackendRun, unserved: str) -> str | None:
    """Why no worker answers for the run: it is stuck, or `unserved`, or Temporal does not answer.
    None if a worker serves it."""
    try:
        if await run.is_served():
            return None
    except HarnessError as error:
        return error.message
    stuck = await run.trouble()
    return f"It is stuck: {stuck}" if stuck else unserved
