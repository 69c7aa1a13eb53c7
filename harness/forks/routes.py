"""The route of forks."""

from __future__ import annotations

from fastapi import Response
from pydantic import BaseModel, Field

from harness.api.body import Body, location_of
from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.route import Route
from harness.forks.fork import Change, start_fork

MAX_TEXT = 1_000_000


class ForkBody(Body):
    """A fork: where it parts from the run, and what it changes."""

    at: int = Field(ge=0)
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


async def fork(
    body: ForkBody, run: VisibleRun, context: Context, caller: CallerOf, response: Response
) -> Forked:
    """Start a run that continues another one after a turn. The other run stays as it is."""
    change = Change(
        hint=body.hint, model=body.model, instructions=body.instructions, results=body.results
    )
    forked = await start_fork(
        context.connection, run, body.at, change, id=body.id, owner=caller.user, by=caller.user
    )
    response.headers["Location"] = location_of("runs", forked)
    return Forked(id=forked)


ROUTES = (Route("POST", "/runs/{run}/fork", fork, Role.OPERATOR, 201),)
