"""The checks that an evaluation can make, as its file declares them. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from harness.contracts.base import Flag, Word
from harness.contracts.model import ModelRef
from harness.contracts.tool import Effect

Text = Annotated[str, Field(max_length=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Count = Annotated[int, Field(ge=0)]


class _Check(Word):
    name: Name | None = None
    """How reports call it; its kind by default."""

    @property
    def title(self) -> str:
        return self.name or str(getattr(self, "kind", ""))


class Exact(_Check):
    """The answer equals a text, or the case's `expected`; white space at both ends is ignored. A
    typed result is compared as JSON."""

    kind: Literal["exact"]
    value: Text | None = None
    ignore_case: Flag = None


class Contains(_Check):
    """The answer contains a text, or the case's `expected`."""

    kind: Literal["contains"]
    value: Text | None = None
    ignore_case: Flag = None


class Pattern(_Check):
    """A regular expression matches somewhere in the answer; without `pattern`, the case's
    `expected` is one."""

    kind: Literal["pattern"]
    pattern: Text | None = None
    ignore_case: Flag = None


class Json(_Check):
    """The answer is JSON: it fits a JSON schema, or has a value at a path such as `items[0].id`."""

    kind: Literal["json"]
    fits: dict[str, Any] | None = None
    """The JSON schema."""
    path: Annotated[str, Field(max_length=500)] | None = None
    equals: Any = None
    """What is at the path; the case's `expected` by default."""


class Function(_Check):
    """A Python function decides, in the process of the command."""

    kind: Literal["function"]
    function: Annotated[str, Field(max_length=500)]
    """FILE:NAME, beside the file of the evaluation. It takes an `Observed` and returns a bool, a
    score from 0 to 1, or either with a text."""


class Judge(_Check):
    """A model decides by a rubric. Its calls are a run of their own."""

    kind: Literal["judge"]
    rubric: Text
    model: ModelRef | None = None
    """The judge's model; the setting `model` by default."""
    fallbacks: tuple[ModelRef, ...] = ()
    """Models that judge when that one fails, in this order."""
    pass_at: Annotated[float, Field(ge=0, le=1)] = 0.5
    """The lowest score that passes."""


class Trajectory(_Check):
    """How the run got there: what it called, in which order, and what that cost."""

    kind: Literal["trajectory"]
    tools: tuple[str, ...] | None = None
    """Tools that it must call."""
    order: Literal["any", "in_order", "exact"] = "any"
    """`in_order`: in this order, with others between; `exact`: these calls and no others."""
    forbid: tuple[str, ...] = ()
    """Tools that it must not call."""
    effects: tuple[Effect, ...] | None = None
    """The only effects that called tools may have."""
    max_calls: Count | None = None
    max_turns: Count | None = None
    max_tokens: Count | None = None
    max_cost_usd: Annotated[float, Field(ge=0)] | None = None
    max_seconds: Annotated[float, Field(ge=0)] | None = None


class Recorded(_Check):
    """The answer is the one of the recorded run; for evaluations over past runs."""

    kind: Literal["recorded"]
    calls: Flag = None
    """Its tool calls are the same, too."""


Check = Annotated[
    Exact | Contains | Pattern | Json | Function | Judge | Trajectory | Recorded,
    Field(discriminator="kind"),
]
