"""What the tables of evaluations hold."""

from __future__ import annotations

from dataclasses import dataclass

from harness.evals.contracts import State


@dataclass(frozen=True, kw_only=True)
class EvalRow:
    """An evaluation as lists show it. Times are seconds since 1970."""

    id: str
    name: str
    owner: str | None = None
    created: float
    ended: float | None = None
    state: State
    """`interrupted`: its workflow ended before it was done."""
    items: int
    """How many runs it has in all: cases, times agents and models, times repeats."""
    done: int
    """How many of them have a result."""
    passed: int
    tokens: int
    cost_micros: int | None = None
    """Millionths of a US dollar, as far as prices are known."""
