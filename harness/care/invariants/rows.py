"""Rows of invariants and of their states."""

from __future__ import annotations

from dataclasses import dataclass

from harness.care.invariants.invariant import Invariant
from harness.care.invariants.judge import Judgement


@dataclass(frozen=True)
class Watched:
    """An invariant of a subject, and what was last found."""

    subject: str
    invariant: Invariant
    by: str | None = None
    """Who added it; None: the subject's definition."""
    judgement: Judgement | None = None
    silenced: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.subject, self.invariant.name


@dataclass(frozen=True)
class Sample:
    at: float
    value: float | None
    state: str
