"""The routes of what happened in runs: diff and export."""

from __future__ import annotations

import time
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.route import Route
from harness.contracts.event import DurableEvent
from harness.history import reader
from harness.history.export import dump_recording, file_name
from harness.history.recording import record_run
from harness.journal.diff import compare_runs


class DiffSideView(BaseModel):
    """One run of a comparison, from where the two part."""

    run: str
    agent: str
    model: str
    kept: int
    """Turns that both runs share."""
    events: list[DurableEvent]


class DiffView(BaseModel):
    """Where two runs part, and what each did from there on."""

    same: int
    """Events that both have."""
    turn: int | None = None
    """The turn in which they part."""
    sides: list[DiffSideView]


async def diff(run: VisibleRun, other: str, context: Context, caller: CallerOf) -> DiffView:
    """Compare what two runs did so far."""
    await context.check_run(caller, other)
    events = [
        [event async for event in reader.read_events(context.connection, each, wait=False)]
        for each in (run, other)
    ]
    found = compare_runs(*events)
    sides = [
        DiffSideView(
            run=side.run,
            agent=side.agent,
            model=side.model,
            kept=side.kept,
            events=list(side.events),
        )
        for side in found.sides
    ]
    return DiffView(same=found.same, turn=found.turn or None, sides=sides)


async def export(run: VisibleRun, context: Context) -> Response:
    """Download a run so far, with everything it names, as one file."""
    recording = await record_run(context.connection, run, at=time.time())
    name = file_name(run)
    return Response(
        dump_recording(recording),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


ROUTES = (
    Route("GET", "/runs/{run}/diff", diff, Role.VIEWER),
    Route("GET", "/runs/{run}/export", export, Role.VIEWER, answer=dict[str, Any]),
)
