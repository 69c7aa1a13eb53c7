"""The routes of effects and undo."""

from __future__ import annotations

from pydantic import BaseModel, Field

from harness.api.body import Body
from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.route import Route
from harness.contracts.effect import EffectRow, UndoReport
from harness.undo.client import list_effects, undo_run


class EffectList(BaseModel):
    """What a run did to the world."""

    effects: list[EffectRow]


class UndoBody(Body):
    """What to undo."""

    to_turn: int | None = Field(default=None, ge=0)
    """Undo only what the run did after this turn."""
    dry_run: bool = False
    """Only report what would be undone."""
    past: list[str] = Field(default_factory=list[str], max_length=1000)
    """Calls to leave as they are if they cannot be undone."""


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
