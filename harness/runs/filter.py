"""Which runs to list, as a query in Temporal's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from harness.contracts.run import RunState
from harness.engine.query_text import quote_value

OPEN = "ExecutionStatus = 'Running'"
STATES = {
    # A run that Temporal itself ended keeps the state that it had.
    RunState.FAILED: "ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')",
    RunState.ABORTED: "(HarnessState = 'aborted' OR ExecutionStatus = 'Canceled')",
    RunState.COMPLETED: "HarnessState = 'completed'",
}


@dataclass(frozen=True, kw_only=True)
class RunFilter:
    """Conditions that all have to hold; those that are None hold for every run."""

    state: RunState | None = None
    agent: str | None = None
    session: str | None = None
    fork_of: str | None = None
    owner: str | None = None
    since: datetime | None = None

    def query(self) -> str:
        """The conditions in Temporal's query language."""
        equal = {
            "HarnessAgent": self.agent,
            "HarnessSession": self.session,
            "HarnessForkOf": self.fork_of,
            "HarnessOwner": self.owner,
        }
        parts = [f"{name} = {quote_value(text)}" for name, text in equal.items() if text]
        if self.state is not None:
            own = STATES.get(self.state)
            parts.append(own or f"HarnessState = '{self.state.value}' AND {OPEN}")
        if self.since is not None:
            parts.append(f"StartTime >= '{self.since.isoformat()}'")
        return " AND ".join(parts)
