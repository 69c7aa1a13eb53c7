"""The route of forks."""

from __future__ import annotations

from fastapi import Response

from harness.api.body import location_of
from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.route import Route
from harness.forks.fork import Change, start_fork
from harness.forks.views import ForkBody, Forked


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
