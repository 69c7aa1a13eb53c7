"""The routes of gates."""

from __future__ import annotations

from harness.api.caller import Role
from harness.api.context import Context, VisibleRun
from harness.api.route import Route
from harness.gates import client
from harness.gates.client import Tried
from harness.gates.views import GatedRun, GateList


async def list_gates(context: Context) -> GateList:
    """List the gates that stand around the calls of all agents."""
    return client.list_gates(context.connection)


async def explain_gates(
    context: Context, run: VisibleRun, profile: Tried | None = None
) -> GatedRun:
    """Explain what gates decided in a run; with a profile, what it would decide today."""
    return await client.explain_run(context.connection, run, profile)


ROUTES = (
    Route("GET", "/gates", list_gates, Role.VIEWER),
    Route("GET", "/runs/{run}/gates", explain_gates, Role.VIEWER),
)
