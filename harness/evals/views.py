"""What the API returns for evaluations."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field

from harness.api.body import Body
from harness.evals.contracts import ItemResult
from harness.evals.rows import EvalRow


class StartEval(Body):
    """An evaluation of published agents to start."""

    file: str = Field(min_length=1, max_length=100_000)
    """What a file of `harness eval` has, in TOML. Agents are named as `@NAME`; it has no `dataset`,
    no `workspace`, and only checks that need neither Python functions, judges nor recordings."""
    cases: str = Field(min_length=1, max_length=5_000_000)
    """The data set: JSON lines, each with `input`, and optionally `id`, `expected` and
    `metadata`."""


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
