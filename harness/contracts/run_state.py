"""The states of a run, and how they follow each other."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """What a run is doing. See the [states](steering.md#states)."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    ABORTED = "aborted"

    @property
    def over(self) -> bool:
        """Whether the run has ended; no state follows."""
        return not TRANSITIONS[self]


TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    RunState.PENDING: frozenset({RunState.RUNNING, RunState.FAILED, RunState.ABORTED}),
    RunState.RUNNING: frozenset(
        {
            RunState.WAITING,
            RunState.PAUSED,
            RunState.COMPLETED,
            RunState.FAILED,
            RunState.ABORTED,
        }
    ),
    RunState.WAITING: frozenset(
        {RunState.RUNNING, RunState.PAUSED, RunState.FAILED, RunState.ABORTED}
    ),
    RunState.PAUSED: frozenset(
        {RunState.RUNNING, RunState.WAITING, RunState.FAILED, RunState.ABORTED}
    ),
    RunState.COMPLETED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.ABORTED: frozenset(),
}
"""The allowed transitions. Failed is reachable from every open state: Temporal can end any run."""
