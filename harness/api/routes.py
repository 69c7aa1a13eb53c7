"""The routes of the API itself: who calls, the version, and what errors mean."""

from __future__ import annotations

from harness.api.caller import Role
from harness.api.context import CallerOf
from harness.api.route import Route
from harness.api.views import ErrorPage, Me, Version
from harness.contracts.errors import RouteNotFound, find_error
from harness.version import __version__


async def show_me(caller: CallerOf) -> Me:
    """Who the token belongs to."""
    return Me(user=caller.user, role=caller.role)


async def show_version() -> Version:
    """The daemon's version."""
    return Version(version=__version__)


async def explain_error(code: str) -> ErrorPage:
    """What an error means: the `type` of problem documents leads here."""
    kind = find_error(code)
    if kind is None:
        raise RouteNotFound(f"There is no error with the code {code[:100]!r}.")
    meaning = " ".join((kind.__doc__ or "").split())
    return ErrorPage(
        code=kind.code, title=kind.__name__, meaning=meaning, fix=kind.fix,
        retryable=kind.retryable,
    )  # fmt: skip


ROUTES = (
    Route("GET", "/me", show_me, Role.VIEWER),
    Route("GET", "/version", show_version, Role.VIEWER),
    Route("GET", "/errors/{code}", explain_error, Role.VIEWER),
)
