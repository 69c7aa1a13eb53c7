"""The routes of gates."""

from __future__ import annotations

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.route import Route
from harness.api.slots import Slots
from harness.gates import client
from harness.gates.trial import Tried
from harness.gates.views import GatedRun, GateList


class GateTrials(Slots):
    """Runs that are traced again: each takes a processor core."""

    what = "trials of gates"
    most = 2
    most_each = 1


async def list_gates(context: Context) -> GateList:
    """List the gates that stand around the calls of all agents."""
    return client.list_gates(context.connection)


async def explain_gates(
    context: Context, caller: CallerOf, run: VisibleRun, profile: Tried | None = None
) -> GatedRun:
    """Explain what gates decided in a run; with a profile, what it would decide today."""
    if profile is None:
        return await client.explain_run(context.connection, run)
    with context.parts.find(GateTrials, GateTrials).take(caller):
        return await client.explain_run(context.connection, run, profile)


ROUTES = (
    Route("GET", "/gates", list_gates, Role.VIEWER),
    Route("GET", "/runs/{run}/gates", explain_gates, Role.VIEWER),
)
