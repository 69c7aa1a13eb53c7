"""The routes of what happened in runs: diff, export and files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Annotated, Any

from fastapi import Header, Path, Response
from pydantic import BaseModel

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText, VisibleRun
from harness.api.download import Download
from harness.api.etags import is_cached
from harness.api.route import Route
from harness.contracts.event import DurableEvent
from harness.contracts.sent_prompt import SentPrompt
from harness.history import reader
from harness.history.export import dump_recording, file_name
from harness.history.prompts import read_sent_prompt
from harness.history.recording import record_run
from harness.journal.diff import DiffRow, compare_runs
from harness.runs.artifacts import NamedArtifacts, list_artifacts, open_artifact
from harness.runs.pinned import PinnedAgent, read_pinned_agent
from harness.runs.reads import read_attempts
from harness.runs.views import ArtifactList, AttemptList

MAX_TURN = 10**9


class DiffSideView(BaseModel):
    """One run of a comparison, from where the two part."""

    run: str
    agent: str
    model: str
    kept: int
    """Turns that both runs share."""
    events: list[DurableEvent]


class DiffRowView(BaseModel):
    """Something that happened in both runs, or in one of them."""

    left: int | None = None
    """Its place among the events of the first side; absent if only the other has it."""
    right: int | None = None
    """Its place among the events of the second side."""
    same: bool
    """Whether both have it with the same content."""


class DiffView(BaseModel):
    """Where two runs part, and what each did from there on."""

    same: int
    """Events that both have."""
    turn: int | None = None
    """The turn in which they part."""
    sides: list[DiffSideView]
    rows: list[DiffRowView]
    """The events of both sides, aligned by what happened, not by position."""


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
    return DiffView(
        same=found.same, turn=found.turn or None, sides=sides, rows=list(_place_rows(found.rows))
    )


def _place_rows(rows: Iterable[DiffRow]) -> Iterator[DiffRowView]:
    """Rows name the places of their events, which each side lists in the same order."""
    left, right = count(), count()
    for row in rows:
        yield DiffRowView(
            left=next(left) if row.one else None,
            right=next(right) if row.other else None,
            same=row.same,
        )


async def export(run: VisibleRun, context: Context) -> Response:
    """Download a run so far, with everything it names, as one file."""
    recording = await record_run(context.connection, run, at=time.time())
    name = file_name(run)
    return Response(
        dump_recording(recording),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def show_pinned_agent(run: VisibleRun, context: Context) -> PinnedAgent:
    """Read the agent as the run pinned it: its instructions, and each tool with the JSON schema of
    its arguments, its effect and its policy. It never changes."""
    return await read_pinned_agent(context.connection, run)


async def show_sent_prompt(
    run: VisibleRun, turn: Annotated[int, Path(ge=1, le=MAX_TURN)], context: Context
) -> SentPrompt:
    """Read the prompt of a turn's last model call as it was sent: instructions, tools, and the
    messages that the context policy kept, with those that it changed or always keeps marked."""
    return await read_sent_prompt(context.connection, run, turn)


async def list_attempts(run: VisibleRun, context: Context) -> AttemptList:
    """List the failed attempts at model and tool calls of a run, without its events."""
    return await read_attempts(context, run)


async def list_run_artifacts(run: VisibleRun, context: Context) -> ArtifactList:
    """List the files of a run: those attached to its messages, and results too large to show."""
    return ArtifactList(artifacts=await list_artifacts(context.connection, run))


async def download_artifact(
    run: VisibleRun,
    artifact: PathText,
    context: Context,
    wanted: Annotated[str | None, Header(alias="Range", max_length=100)] = None,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """Download a file of a run. `Range` asks for a part. HTML, SVG and other types that could run
    in a browser are sent as bytes."""
    named = context.parts.find(NamedArtifacts, lambda: NamedArtifacts(context.connection))
    found = await named.find(run, artifact)
    tag = f'"{found.id}"'
    if if_none_match and is_cached(if_none_match, tag):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-store"})
    return Download(
        await open_artifact(context.connection, found),
        found.size or 0,
        name=found.name or found.call or found.id,
        media_type=found.media_type,
        tag=tag,
        wanted=wanted,
        slow_s=context.settings.slow_seconds,
    )


ROUTES = (
    Route("GET", "/runs/{run}/spec", show_pinned_agent, Role.VIEWER),
    Route("GET", "/runs/{run}/prompts/{turn}", show_sent_prompt, Role.VIEWER),
    Route("GET", "/runs/{run}/attempts", list_attempts, Role.VIEWER),
    Route("GET", "/runs/{run}/artifacts", list_run_artifacts, Role.VIEWER),
    Route(
        "GET",
        "/runs/{run}/artifacts/{artifact}",
        download_artifact,
        Role.VIEWER,
        media_type="application/octet-stream",
    ),
    Route("GET", "/runs/{run}/diff", diff, Role.VIEWER),
    Route("GET", "/runs/{run}/export", export, Role.VIEWER, answer=dict[str, Any]),
)
