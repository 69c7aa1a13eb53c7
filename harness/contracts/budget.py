"""How much a run may use."""

from __future__ import annotations

from typing import Literal

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
