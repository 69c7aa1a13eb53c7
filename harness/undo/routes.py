"""The routes of effects and undo."""

from __future__ import annotations

from fastapi import Request, Response

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.etags import answer_json
from harness.api.event_stream import EventStream
from harness.api.route import EVENTS, Route
from harness.api.work_stream import stream_work, wants_events, write_event
from harness.contracts.effect import UndoReport
from harness.undo.client import list_effects, undo_run
from harness.undo.steps import ReportStep
from harness.undo.views import EffectList, UndoBody


async def list_run_effects(run: VisibleRun, context: Context) -> EffectList:
    """List what a run did to the world, in the order in which it began."""
    return EffectList(effects=await list_effects(context.connection, run))


async def undo(
    body: UndoBody, run: VisibleRun, context: Context, caller: CallerOf, request: Request
) -> Response:
    """Undo what a run did to the world, newest first. Answers when the undo has ended. With
    `Accept: text/event-stream`, it streams a `progress` event for each step as it ends, then a
    `result` with the report. A client that leaves does not stop the undo: the same request joins
    it."""

    async def work(progress: ReportStep | None = None) -> UndoReport:
        return await undo_run(
            context.connection,
            run,
            to_turn=body.to_turn,
            dry_run=body.dry_run,
            past=body.past,
            by=caller.user,
            progress=progress,
        )

    if not wants_events(request.headers.get("accept")):
        return answer_json(await work())
    return EventStream(
        context,
        caller,
        stream_work(lambda report: work(lambda step: report(write_event("progress", step)))),
    )


ROUTES = (
    Route("GET", "/runs/{run}/effects", list_run_effects, Role.VIEWER),
    Route("POST", "/runs/{run}/undo", undo, Role.OPERATOR, answer=UndoReport, also=(EVENTS,)),
)
