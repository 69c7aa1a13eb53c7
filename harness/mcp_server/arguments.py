"""What the tools take and return."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from harness.api.body import Body
from harness.contracts.event import DecisionRequested, DurableEvent
from harness.contracts.run import RunEnd, RunState
from harness.runs.views import AbortBody, DecideBody, HintBody, ReasonBody

RUN_ID = Field(min_length=1, max_length=250)
MOST_EVENTS = 500


class NoArguments(Body):
    """Nothing."""


class RunArgument(Body):
    """A run."""

    run: str = RUN_ID
    """The run's id."""


class ListRuns(Body):
    """Which runs to list."""

    state: RunState | None = None
    agent: str | None = None
    """Only runs of this agent."""
    session: str | None = None
    """Only runs of this session."""
    limit: int = Field(default=20, ge=1, le=200)
    cursor: str | None = None
    """`next` of the page before."""


class ListApprovals(Body):
    """Which page of what waits for a person."""

    limit: int = Field(default=20, ge=1, le=200)
    cursor: str | None = None
    """`next` of the page before."""


class WaitForRun(RunArgument):
    """Which run to wait for, and how long."""

    seconds: float = Field(default=50, ge=0, le=600)
    """The maximum time to wait. Call again to wait longer."""


class ReadEvents(RunArgument):
    """Which events to read."""

    after: str | None = None
    """`cursor` of the page before."""
    limit: int = Field(default=100, ge=1, le=MOST_EVENTS)


class HintRun(RunArgument, HintBody):
    """A hint for a run."""


class PauseRun(RunArgument, ReasonBody):
    """Which run to pause, and why."""


class ResumeRun(RunArgument, ReasonBody):
    """Which run to resume, and why."""


class AbortRun(RunArgument, AbortBody):
    """Which run to end, and how."""


class DecideRun(RunArgument, DecideBody):
    """A decision about what a run waits for."""

    def said(self) -> dict[str, Any]:
        """The decision as `decide_run` takes it."""
        return {name: value for name, value in super().said().items() if name != "run"}


class PreviewUndo(RunArgument):
    """What would be undone."""

    to_turn: int | None = Field(default=None, ge=0)
    """Only what the run did after this turn."""


class Steered(BaseModel):
    """The run has the signal."""

    run: str


class EventPage(BaseModel):
    """Events of a run, oldest first."""

    events: list[DurableEvent]
    cursor: str | None = None
    """Of the last event: pass it as `after` to read on."""
    more: bool
    """Whether the run has more events already."""


class Waited(BaseModel):
    """Where a run is, after waiting for it."""

    run: str
    state: RunState
    end: RunEnd | None = None
    """How it ended, if it has."""
    waiting: list[DecisionRequested] = []
    """What a person must decide before the run continues."""
