"""Timeouts and attempts of what a run does."""

from __future__ import annotations

from harness.contracts.base import Word

MAX_WAITS = 10_000
"""How often a model call may be repeated because it waits for a limit. Temporal counts all
attempts, so its maximum of a model call has these on top."""


def split_attempts(maximum: int) -> tuple[int | None, bool]:
    """How often an activity may fail, of Temporal's maximum of its attempts (None: any number), and
    whether attempts that only wait count too."""
    waits = maximum > MAX_WAITS
    return (maximum - MAX_WAITS if waits else maximum or None), not waits


class Limits(Word):
    """Timeouts and attempts of activities. Ten attempts last about two minutes, so that an outage
    of a provider or the database need not end a run."""

    model_timeout_s: float = 600.0
    model_attempts: int = 10
    tool_timeout_s: float = 60.0
    tool_attempts: int = 4
    heartbeat_s: float = 5.0
    mends: int = 5
    """Invalid tool calls in a row that the model may correct before the run fails."""
    undo_wait_s: float | None = None
    """How long the end of a run waits for its undo."""
