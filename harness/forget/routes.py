"""The routes of forgetting. They are for admins, who see all runs: it cannot be undone, and takes
the runs of a whole family, whoever owns them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.route import Route
from harness.engine.retry import run_not_found
from harness.forget.client import forget_run, known_family
from harness.forget.views import FamilyView, ForgottenRuns


async def check_name(run: PathText) -> str:
    """The run or session that a path names. It may be one that is forgotten in part, which no
    longer shows as a run."""
    if not run.isprintable():  # nothing has such an id, and Postgres refuses NUL
        raise run_not_found(run)
    return run


RunOrSession = Annotated[str, Depends(check_name)]


async def show_family(run: RunOrSession, context: Context) -> FamilyView:
    """List the runs that are forgotten together with a run, or with the runs of a session."""
    return FamilyView.of(await known_family(context.connection, run))


async def forget(run: RunOrSession, context: Context, caller: CallerOf) -> ForgottenRuns:
    """Make a run and its family unreadable for good. If it is interrupted, the same request
    finishes it."""
    return ForgottenRuns.of(await forget_run(context.connection, run, by=caller.user))


ROUTES = (
    Route("GET", "/runs/{run}/family", show_family, Role.ADMIN),
    Route("POST", "/runs/{run}/forget", forget, Role.ADMIN),
)
