"""The routes of effects and undo."""

from __future__ import annotations

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.route import Route
from harness.contracts.effect import UndoReport
from harness.undo.client import list_effects, undo_run
from harness.undo.views import EffectList, UndoBody


async def list_run_effects(run: VisibleRun, context: Context) -> EffectList:
    """List what a run did to the world, in the order in which it began."""
    return EffectList(effects=await list_effects(context.connection, run))


async def undo(body: UndoBody, run: VisibleRun, context: Context, caller: CallerOf) -> UndoReport:
    """Undo what a run did to the world, newest first. Answers when the undo has ended."""
    return await undo_run(
        context.connection,
        run,
        to_turn=body.to_turn,
        dry_run=body.dry_run,
        past=body.past,
        by=caller.user,
    )


ROUTES = (
    Route("GET", "/runs/{run}/effects", list_run_effects, Role.VIEWER),
    Route("POST", "/runs/{run}/undo", undo, Role.OPERATOR),
)
