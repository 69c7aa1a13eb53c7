"""Failed attempts of activities, as workers saw them: history keeps only the last failure."""

from __future__ import annotations

from harness.contracts.base import Word
from harness.contracts.errors import ErrorInfo


class Retry(Word):
    """A call that failed and is being retried, as Temporal reports it while the call runs."""

    activity: str
    """Temporal's id of the activity within its execution."""
    kind: str
    """The activity's type: `call_model`, `run_tool`, ..."""
    failed: int
    """Number of the last failed attempt, from 1."""
    attempts: int | None = None
    """Limit of attempts; None: no limit."""
    error: ErrorInfo
    """Why it failed."""
    next_at: float | None = None
    """When the next attempt begins, in seconds since the epoch; None: it is running."""


class Attempt(Word):
    """One failed attempt, from the attempt log and not from history. A killed worker logs none."""

    run: str
    run_id: str
    activity: str
    """Temporal's id of the activity within its execution."""
    attempt: int
    started: float
    """Seconds since the epoch."""
    ended: float
    who: str
    """The worker: host/process."""
    kind: str
    """The activity's type: `call_model`, `run_tool`, ..."""
    title: str | None = None
    """The model or the tool."""
    turn: int | None = None
    call: str | None = None
    """The tool call's id, or the number of the model call within the turn, from 0."""
    type: str
    """The exception's class."""
    code: str | None = None
    """The code of the harness error, if it is one."""
    message: str
    retryable: bool
    retry_after: float | None = None
