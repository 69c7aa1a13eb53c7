"""On whose behalf a model or a tool is called."""

from __future__ import annotations

from dataclasses import dataclass

from harness.contracts.budget import Budget
from harness.contracts.permit import Above


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
    root: str | None = None
    """The run at the top, if an agent started this one as a tool."""
    priority: int | None = None
    """Of the run, from 1 (most urgent) to 5; None if it names none."""
    budget: Budget | None = None
    """What the run shares with others; None if it shares none."""
    purpose: str = "turn"
    """Why a model is called: `turn` for a turn of the run, `finish` for its last one after a budget
    was reached, otherwise what a capability does."""
    above: Above | None = None
    """What policies see of the runs above it, if an agent started this one as a tool."""

    @property
    def top_session(self) -> str | None:
        """The session of the run, or of the one at the top if an agent started it as a tool."""
        return self.above.session if self.above else self.session
