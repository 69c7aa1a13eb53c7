"""Attempts of activities that failed, as the workers saw them: history keeps the last one's why."""

from __future__ import annotations

from harness.contracts.base import Word
from harness.contracts.errors import ErrorInfo


class Retry(Word):
    """A call that failed and is made again, as the engine knows it while the call is under way."""

    activity: str
    """The engine's id of the activity, in that execution."""
    kind: str
    """The activity's type: `call_model`, `run_tool`, ..."""
    failed: int
    """Number of the attempt that failed last, from 1."""
    attempts: int | None = None
    """How many there may be; None without a limit."""
    error: ErrorInfo
    """Why it failed."""
    next_at: float | None = None
    """When the next attempt begins, in seconds since the epoch; None where it is under way."""


class Attempt(Word):
    """One failed attempt. It comes from the attempt log and not from history: a worker that was
    killed wrote none."""

    run: str
    run_id: str
    activity: str
    """The engine's id of the activity, in that execution."""
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
    """A tool call's id, or which model call of the turn it was (0 is the first)."""
    type: str
    """The exception's class."""
    code: str | None = None
    """Of our catalog, where it is an error of ours."""
    message: str
    retryable: bool
    retry_after: float | None = None
