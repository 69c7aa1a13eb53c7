"""What the API takes and returns for forks."""

from __future__ import annotations

from pydantic import BaseModel, Field, StrictInt

from harness.api.body import Body

MAX_TEXT = 1_000_000


class ForkBody(Body):
    """A fork: where it parts from the run, and what it changes."""

    at: StrictInt = Field(ge=0)
    """The last turn to keep; 0 keeps none."""
    hint: str | None = Field(default=None, max_length=MAX_TEXT)
    """What the model is told in addition."""
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
