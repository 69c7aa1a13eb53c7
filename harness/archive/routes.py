"""The routes of the archive."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from harness.api.caller import Role
from harness.api.context import Context, VisibleRun
from harness.api.route import Route
from harness.archive.verify import verify_run
from harness.archive.views import Verification


async def verify(
    run: VisibleRun,
    context: Context,
    token: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
) -> Verification:
    """Check that a sealed run is unchanged: the seal with this replay token, or the newest one."""
    return Verification.of(await verify_run(context.connection, run, token))


ROUTES = (Route("GET", "/runs/{run}/verify", verify, Role.VIEWER),)
