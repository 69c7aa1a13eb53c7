"""The routes of runs: start, list, read, follow and steer them."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Header, Query, Request, Response

from harness.api.body import location_of
from harness.api.caller import Role
from harness.api.context import (
    CallerOf,
    Context,
    ObservedVisibleRun,
    VisibleRun,
    owner_filter,
)
from harness.api.etags import answer_json
from harness.api.event_stream import EventStream
from harness.api.idempotency import IdempotencyKey
from harness.api.route import Created, Route
from harness.contracts.errors import RunUnfinished
from harness.contracts.run import Pending, RunEnd
from harness.contracts.verdicts import Decision
from harness.engine.served import is_served
from harness.history.diagnosis import diagnose_stuck_run
from harness.journal.card import Card
from harness.runs import requests
from harness.runs.card import read_observed_card
from harness.runs.end import wait_for_end
from harness.runs.pages import RunQuery, find_page, read_runs
from harness.runs.query import query_run
from harness.runs.reads import read_agents, read_approvals, read_trace
from harness.runs.socket import open_socket, read_cursor, stream_run
from harness.runs.uploads import store_upload
from harness.runs.views import (
    AbortBody,
    AgentList,
    Approvals,
    DecideBody,
    EventList,
    HintBody,
    PendingList,
    ReasonBody,
    RunList,
    Service,
    Started,
    StartRun,
    Upload,
)
from harness.runs.waiting import WaitFollower

READ_S = 30.0
"""How long reading the end of a run that has ended may take."""
ABORT, NO_REASON = AbortBody(), ReasonBody()


async def list_runs(
    context: Context, caller: CallerOf, asked: Annotated[RunQuery, Query()]
) -> Response:
    """List runs, newest first. Callers see their own; admins see all. `query` is a condition in
    Temporal's query language, which only admins may write: it could undo the other conditions."""
    return answer_json(await read_runs(context, find_page(caller, asked)))


async def list_agents(context: Context) -> AgentList:
    """List the agents that workers have published."""
    return await read_agents(context)


async def list_approvals(
    context: Context,
    caller: CallerOf,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Approvals:
    """List what waits for a person, across runs. Callers see their own runs; admins see all."""
    return await read_approvals(context, caller, limit, cursor)


async def follow_approvals(
    context: Context,
    caller: CallerOf,
    last_event_id: Annotated[str | None, Header()] = None,
    after: str | None = None,
) -> EventStream:
    """Follow what waits for a person, across runs: `waiting` and `settled`, as server-sent events,
    without end. It begins with `reset`, everything that waits, and `ready`; `Last-Event-ID` (or
    `after`) resumes after that event, if the daemon still has what followed it. Callers see their
    own runs; admins see all."""
    waits = context.parts.find(WaitFollower, lambda: WaitFollower(context.connection))
    source = waits.follow(owner_filter(caller), last_event_id or after)
    return EventStream(context, caller, source)


async def show_run(run: ObservedVisibleRun, context: Context) -> Response:
    """Read what a run has done so far and what it is doing now."""
    card = await read_observed_card(context.connection, context.reads, run.id, run.observed)
    return answer_json(card)


async def start(
    body: StartRun,
    context: Context,
    caller: CallerOf,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Started:
    """Start a run of a published agent. With an id or an `Idempotency-Key`, repeating the request
    joins the run that it started."""
    run = await requests.begin_run(context, caller, body, idempotency_key)
    response.headers["Location"] = location_of("runs", run)
    return Started(id=run)


async def upload_file(
    request: Request,
    context: Context,
    caller: CallerOf,
    name: Annotated[str, Query(min_length=1, max_length=1_000)],
) -> Upload:
    """Upload a file, as the body of the request, to use it in a run or a message within a day. The
    header `Content-Type` is the file's type; without one, its name tells."""
    given = request.headers.get("content-type")
    return await store_upload(context, caller, request.stream(), name, given)


async def follow_run(
    run: VisibleRun,
    context: Context,
    caller: CallerOf,
    last_event_id: Annotated[str | None, Header()] = None,
    after: str | None = None,
) -> EventStream:
    """Follow a run: its events as server-sent events, with live text between them, until it ends.
    `Last-Event-ID` (or `after`) resumes after that event."""
    cursor = await read_cursor(context, run, last_event_id or after)
    return EventStream(context, caller, stream_run(context, run, cursor))


async def trace_run(run: VisibleRun, context: Context, attempts: bool = False) -> EventList:
    """Read what has happened in a run so far. `attempts`: also the log of failed attempts."""
    return await read_trace(context, run, attempts=attempts)


async def show_service(run: VisibleRun, context: Context) -> Service:
    """Find out whether a worker answers for a run, and if not, whether the run is stuck."""
    temporal = context.connection.temporal
    if await is_served(temporal.get_workflow_handle(run)):
        return Service(served=True)
    return Service(served=False, trouble=await diagnose_stuck_run(temporal, run))


async def wait_for_result(
    run: ObservedVisibleRun, context: Context, wait: Annotated[float, Query(ge=0, le=60)] = 0.0
) -> RunEnd:
    """Read how a run ended; `wait` waits for its end, up to that many seconds."""
    observed = run.observed or await context.reads.observe(run.id)
    limit = asyncio.timeout(wait if observed.version.open else wait + READ_S)
    try:
        async with limit:
            return await wait_for_end(context.connection, context.feeds, run.id)
    except TimeoutError:
        if not limit.expired():
            raise
        raise RunUnfinished(
            f"Run {run.id!r} has not ended.", fix="Ask again, or follow it."
        ) from None


async def list_pending(run: VisibleRun, context: Context) -> PendingList:
    """Read what a run waits for a person to decide."""
    found = await query_run(context.connection, run, "pending", list[Pending], lambda _: [])
    return PendingList(pending=found)


async def abort(
    run: VisibleRun, context: Context, caller: CallerOf, body: AbortBody = ABORT
) -> None:
    """End a run; what it has so far is kept."""
    await requests.abort_run(context, caller, run, body)


async def hint(body: HintBody, run: VisibleRun, context: Context, caller: CallerOf) -> None:
    """Send a hint: the model of the run reads it with its next call."""
    await requests.hint_run(context, caller, run, body)


async def pause(
    run: VisibleRun, context: Context, caller: CallerOf, body: ReasonBody = NO_REASON
) -> None:
    """Hold a run before its next step."""
    await requests.pause_run(context, caller, run, body)


async def resume(
    run: VisibleRun, context: Context, caller: CallerOf, body: ReasonBody = NO_REASON
) -> None:
    """Let a paused run continue."""
    await requests.resume_run(context, caller, run, body)


async def decide(
    body: DecideBody,
    run: VisibleRun,
    context: Context,
    caller: CallerOf,
    idempotency_key: IdempotencyKey = None,
) -> Decision:
    """Decide what a run waits for."""
    return await requests.decide_run(context, caller, run, body, idempotency_key)


ROUTES = (
    Route("GET", "/runs", list_runs, Role.VIEWER, answer=RunList),
    Route("POST", "/runs", start, Role.OPERATOR, 201, creates=Created("run")),
    Route("POST", "/files", upload_file, Role.OPERATOR, 201, takes="application/octet-stream"),
    Route("GET", "/agents", list_agents, Role.VIEWER),
    Route("GET", "/approvals", list_approvals, Role.VIEWER),
    Route(
        "GET", "/approvals/events", follow_approvals, Role.VIEWER, media_type="text/event-stream"
    ),
    Route("GET", "/runs/{run}", show_run, Role.VIEWER, answer=Card),
    Route("GET", "/runs/{run}/events", follow_run, Role.VIEWER, media_type="text/event-stream"),
    Route("GET", "/runs/{run}/trace", trace_run, Role.VIEWER),
    Route("GET", "/runs/{run}/service", show_service, Role.VIEWER),
    Route("GET", "/runs/{run}/result", wait_for_result, Role.VIEWER),
    Route("GET", "/runs/{run}/pending", list_pending, Role.VIEWER),
    Route("POST", "/runs/{run}/abort", abort, Role.OPERATOR, 202),
    Route("POST", "/runs/{run}/hint", hint, Role.OPERATOR, 202),
    Route("POST", "/runs/{run}/pause", pause, Role.OPERATOR, 202),
    Route("POST", "/runs/{run}/resume", resume, Role.OPERATOR, 202),
    Route("POST", "/runs/{run}/decide", decide, Role.OPERATOR),
    Route("WEBSOCKET", "/runs/{run}/socket", open_socket, Role.VIEWER),
)
