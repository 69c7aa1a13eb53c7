"""What the API returns for evaluations."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from harness.evals.contracts import ItemResult
from harness.evals.rows import EvalRow


class EvalList(BaseModel):
    """Evaluations, the newest first."""

    evals: list[EvalRow]


@dataclass(frozen=True, kw_only=True)
class NumberedResult:
    """A result, with the number of its item."""

    number: int
    result: ItemResult


class ResultList(BaseModel):
    """A page of results."""

    results: list[NumberedResult]
    next: int | None = None
    """Pass it as `cursor` for the next page; None: this was the last."""
