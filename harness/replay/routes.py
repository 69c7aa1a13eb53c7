"""The route of replays."""

from __future__ import annotations

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.route import Route
from harness.replay.served import Replays, replay_run
from harness.replay.views import ReplayedRun


async def replay(run: VisibleRun, context: Context, caller: CallerOf) -> ReplayedRun:
    """Replay a run so far on the workflow code that the daemon has installed, and report whether
    each step is the same. Calls no model and no tool, and changes nothing."""
    with context.parts.find(Replays, Replays).take(caller):
        return await replay_run(context.connection, run)


ROUTES = (Route("POST", "/runs/{run}/replay", replay, Role.OPERATOR),)
