"""What the API takes and returns for forks."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StrictBool

from harness.api.body import Body, WholeNumber
from harness.contracts.whatif import ForkOutcome, SourceOutcome
from harness.forks.fork import Change
from harness.forks.whatif import MOST_FORKS, MOST_OF_ONE, Question

MAX_TEXT = 1_000_000


class ForkBody(Body):
    """A fork: where it parts from the run, and what it changes."""

    at: WholeNumber = Field(ge=0)
    """The last turn to keep; 0 keeps none."""
    hint: str | None = Field(default=None, max_length=MAX_TEXT)
    """A hint that the model reads first."""
    model: str | None = None
    """Another model, as provider/model."""
    instructions: str | None = Field(default=None, max_length=MAX_TEXT)
    """Instructions in place of the agent's."""
    results: dict[str, str] = Field(default_factory=dict[str, str], max_length=100)
    """Other results of tool calls in kept turns, by call id."""
    id: str | None = Field(default=None, min_length=1, max_length=250)
    """The id of the new run. The same request with the same id is the same run."""


class Forked(BaseModel):
    """The run that was started."""

    id: str


class WhatIfBody(Body):
    """A what-if: runs to fork, and what to change in the forks."""

    runs: list[Annotated[str, Field(min_length=1, max_length=250)]] = Field(
        min_length=1, max_length=MOST_FORKS
    )
    """The ids of the runs; those that cannot be forked stop no other."""
    at: WholeNumber = Field(ge=0)
    """The last turn to keep; 0 keeps none."""
    hint: str | None = Field(default=None, max_length=MAX_TEXT)
    """What the model is told in addition."""
    model: str | None = None
    """Another model, as provider/model."""
    instructions: str | None = Field(default=None, max_length=MAX_TEXT)
    """Instructions in place of the agent's."""
    results: dict[str, str] = Field(default_factory=dict[str, str], max_length=100)
    """Other results of tool calls, by call id, also of calls that are played back."""
    n: WholeNumber = Field(default=5, ge=1, le=MOST_OF_ONE)
    """How many forks of each run."""
    live_reads: StrictBool = False
    """Run read-only tools where no result is recorded."""

    def question(self) -> Question:
        """What is asked."""
        change = Change(
            hint=self.hint, model=self.model, instructions=self.instructions, results=self.results
        )
        return Question(at=self.at, change=change, n=self.n, live_reads=self.live_reads)


class ForkEnded(BaseModel):
    """A fork of a what-if that has ended."""

    source: SourceOutcome
    """What it is a fork of, without the outcomes of other forks."""
    fork: ForkOutcome


class SourceFailed(BaseModel):
    """A run whose forks could not be started or finished."""

    source: SourceOutcome
