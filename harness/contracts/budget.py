"""How much a run may use."""

from __future__ import annotations

from typing import Any, Literal

from harness.contracts.base import Flag, Word


class Budget(Word):
    """Limits of a run, checked before each model call; absent means none."""

    turns: int | None = None
    """Model calls."""
    tokens: int | None = None
    """Tokens of all model calls together, input and output."""
    cost_micros: int | None = None
    """Cost in millionths of a US dollar."""
    seconds: float | None = None
    """Time since the run started."""
    ask: Flag = None
    """Wait for a person to grant as much again, instead of stopping."""
    shared: Literal["run", "session"] | None = None
    """With whom `tokens`, `cost_micros` and `seconds` are shared: with the runs that this one
    starts as tools (`run`), or with all runs of its session too (`session`). They are then
    reserved before each call, never exceeded, and the run asks a person when they are used up."""

    def within(self, other: Budget) -> Budget:
        """Lower each limit to that of another budget.

        Args:
            other: Its limits are never exceeded.

        Returns:
            The lower limits, which no person can raise.
        """
        return Budget(
            turns=_lower(self.turns, other.turns),
            tokens=_lower(self.tokens, other.tokens),
            cost_micros=_lower(self.cost_micros, other.cost_micros),
            seconds=_lower(self.seconds, other.seconds),
            shared=self.shared,
        )


def _lower(one: float | None, other: float | None) -> Any:
    known = [each for each in (one, other) if each is not None]
    return min(known) if known else None
