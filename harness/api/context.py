"""What a route needs: the connection, who calls, and what they may do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, cast
from urllib.parse import unquote

from fastapi import Depends, Path
from pydantic import BeforeValidator
from starlette.requests import HTTPConnection

from harness.api.caller import Caller, Role
from harness.api.counts import Counts
from harness.api.parts import DaemonParts
from harness.api.settings import ApiSettings
from harness.engine.connection import Connection
from harness.engine.retry import run_not_found
from harness.history.follow import Feeds
from harness.history.observed_run import ObservedRun
from harness.history.run_reads import RunReads

Revoked = Callable[[Caller], Coroutine[None, None, None]]
"""Waits until the caller's token or session is revoked."""


@dataclass(frozen=True)
class ApiContext:
    """What all requests of a daemon share."""

    connection: Connection
    feeds: Feeds
    reads: RunReads
    settings: ApiSettings
    wait_revoked: Revoked
    parts: DaemonParts
    counts: Counts

    @classmethod
    def of(cls, connection: Connection, settings: ApiSettings, wait_revoked: Revoked) -> ApiContext:
        """The context of a daemon that starts."""
        feeds, reads = Feeds(connection), RunReads(connection)
        return cls(connection, feeds, reads, settings, wait_revoked, DaemonParts(), Counts())

    async def check_run(self, caller: Caller, run: str) -> ObservedRun | None:
        """Raise RunNotFound unless the run exists and the caller may see it.

        Returns:
            The run as it is now, if it had to be observed.
        """
        if not run.isprintable():  # no run has such an id, and Postgres refuses NUL
            raise run_not_found(run)
        owner, observed = await self.reads.check_owner(run)
        if not may_see(caller, owner):
            raise run_not_found(run)
        return observed


@dataclass(frozen=True)
class CheckedRun:
    """A run that the caller may see, and what was found when that was checked."""

    id: str
    observed: ObservedRun | None


def may_see(caller: Caller, owner: str | None) -> bool:
    """Whether the caller may see what `owner` owns. Admins see everything, also what has no owner
    because it was started without the daemon."""
    return caller.role is Role.ADMIN or caller.user == owner


def owner_filter(caller: Caller) -> str | None:
    """Whose things to list for the caller; None: everyone's."""
    return None if caller.role is Role.ADMIN else caller.user


async def get_context(connection: HTTPConnection) -> ApiContext:
    """The daemon's context. A dependency of routes: async, because FastAPI runs each plain function
    in a thread, which cost a request more than all the rest."""
    return cast("ApiContext", connection.app.state.context)


async def get_caller(connection: HTTPConnection) -> Caller:
    """Who makes the request; the gate has checked it. A dependency of routes."""
    return cast("Caller", connection.scope["state"]["caller"])


async def check_run_visible(
    run: str,
    context: Annotated[ApiContext, Depends(get_context)],
    caller: Annotated[Caller, Depends(get_caller)],
) -> CheckedRun:
    """The run that a path names, if the caller may see it. A dependency of routes."""
    run = unquote(run)
    return CheckedRun(run, await context.check_run(caller, run))


async def get_run_id(checked: Annotated[CheckedRun, Depends(check_run_visible)]) -> str:
    """The id of the run that a path names, if the caller may see it. A dependency of routes."""
    return checked.id


Context = Annotated[ApiContext, Depends(get_context)]
CallerOf = Annotated[Caller, Depends(get_caller)]
VisibleRun = Annotated[str, Depends(get_run_id)]
"""A route with `{run}` in its path takes it as this, so that none forgets the check."""
ObservedVisibleRun = Annotated[CheckedRun, Depends(check_run_visible)]
"""The same for a route that goes on from what the check found."""
PathText = Annotated[str, BeforeValidator(unquote), Path()]
"""A path segment that may hold any character, percent-encoded."""
