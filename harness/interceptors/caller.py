"""On whose behalf a model or a tool is called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The run that makes a call. A worker has verified it: nothing here is what a model said."""

    run: str
    origin: str
    """First run id of the run's chain of executions."""
    agent: str
    turn: int
    call: int = 0
    """Number of the repeated model call within the turn; 0 for the first."""
    attempt: int = 1
    """Of the activity, from 1."""
    session: str | None = None
    owner: str | None = None
