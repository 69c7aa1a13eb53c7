"""What the API returns of replays."""

from __future__ import annotations

from pydantic import BaseModel


class ReplayedExecution(BaseModel):
    """What became of one execution of the run."""

    run_id: str
    """Its id in Temporal."""
    steps: int
    """How many steps were compared."""
    same: bool
    entry: int | None = None
    """The first entry of its history that differs; absent if the code adds a step."""
    difference: str | None = None
    """Both sides of that step, or why the replay stopped."""


class ReplayedRun(BaseModel):
    """Whether the code would do the same again as in a run."""

    run: str
    code: str
    """The version of harness whose code was compared: the daemon's."""
    same: bool
    executions: list[ReplayedExecution]
