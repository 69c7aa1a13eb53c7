"""The routes of the archive."""

from __future__ import annotations

from pydantic import BaseModel

from harness.api.caller import Role
from harness.api.context import Context, VisibleRun
from harness.api.route import Route
from harness.archive.verify import verify_run


class Verification(BaseModel):
    """What the comparison of a run with its seal found."""

    run: str
    token: str
    """The replay token: the hash of the seal."""
    unchanged: bool
    events: int
    content: str
    """`present`, `deleted` or `forgotten`."""
    compared_with_temporal: bool
    problems: list[str]


async def verify(run: VisibleRun, context: Context) -> Verification:
    """Check that a sealed run is unchanged."""
    found = await verify_run(context.connection, run)
    return Verification(
        run=found.run,
        token=found.token,
        unchanged=not found.problems,
        events=sum(each.events for each in found.entry.executions),
        content=found.gone or "present",
        compared_with_temporal=found.engine,
        problems=[str(each) for each in found.problems],
    )


ROUTES = (Route("GET", "/runs/{run}/verify", verify, Role.VIEWER),)
