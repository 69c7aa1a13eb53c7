"""The routes of runs: start, list, read, follow and steer them."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from typing import Annotated

from fastapi import Header, Query, Response
from pydantic import AwareDatetime, BeforeValidator

from harness.api.body import location_of
from harness.api.caller import Caller, Role
from harness.api.context import (
    ApiContext,
    CallerOf,
    Context,
    ObservedVisibleRun,
    VisibleRun,
    owner_filter,
)
from harness.api.etags import answer_json
from harness.api.event_stream import EventStream
from harness.api.paging import decode_cursor, encode_cursor
from harness.api.route import Route
from harness.contracts.errors import NotAllowed, RunUnfinished, StoreError
from harness.contracts.run import Pending, RunEnd, RunState
from harness.contracts.verdicts import Decision
from harness.engine.served import is_served
from harness.history import reader
from harness.history.diagnosis import diagnose_stuck_run
from harness.journal.card import Card
from harness.prompts.views import read_question
from harness.runs.card import read_observed_card
from harness.runs.end import wait_for_end
from harness.runs.filter import RunFilter
from harness.runs.listing import list_page, list_waiting
from harness.runs.published import find_published, list_published
from harness.runs.query import query_run
from harness.runs.socket import open_socket, read_cursor, stream_run
from harness.runs.start import Request, as_messages, start_run
from harness.runs.steer import abort_run, decide_run, send_signal
from harness.runs.views import (
    AbortBody,
    AgentList,
    AgentView,
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
    WaitingRun,
)
from harness.runs.waiting import WaitFollower
from harness.store.attempts import attempts_of

KEY_CHARS = 24
MAX_QUERY = 2_000
READ_S = 30.0
"""How long reading the end of a run that has ended may take."""
ABORT, NO_REASON = AbortBody(), ReasonBody()
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]
"""The same key sent again is the same request."""


def _read_time(value: object) -> object:
    """A number would be taken for seconds since the epoch, or for milliseconds if it is large."""
    if isinstance(value, str) and "-" not in value[1:]:
        raise ValueError("is not a time, such as 2030-01-31T12:00:00Z")
    return value


async def list_runs(
    context: Context,
    caller: CallerOf,
    state: RunState | None = None,
    agent: str | None = None,
    session: str | None = None,
    fork_of: str | None = None,
    since: Annotated[AwareDatetime | None, BeforeValidator(_read_time)] = None,
    owner: Annotated[str | None, Query(max_length=200)] = None,
    query: Annotated[str | None, Query(max_length=MAX_QUERY)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> Response:
    """List runs, newest first. Callers see their own; admins see all. `query` is a condition in
    Temporal's query language, which only admins may write: it could undo the other conditions."""
    if query is not None and caller.role is not Role.ADMIN:
        raise NotAllowed("A query needs the role admin.", fix="Use the other filters.")
    own = owner_filter(caller)
    if own is not None and owner not in (None, own):
        return answer_json(RunList(runs=[]))
    chosen = RunFilter(
        state=state,
        agent=agent,
        session=session,
        fork_of=fork_of,
        owner=own or owner,
        since=since,
    ).query()
    whole = " AND ".join(part for part in (chosen, query and f"({query})") if part)
    return answer_json(await read_runs(context, whole, limit, cursor))


async def read_runs(context: ApiContext, query: str, limit: int, cursor: str | None) -> RunList:
    """A page of the runs that a query finds. Callers at the same time share it."""
    signer = await context.connection.signing.get_signer()
    token = decode_cursor(signer, cursor, query)

    async def read_page() -> RunList:
        rows, following = await list_page(context.connection, query, token, limit)
        return RunList(runs=rows, next=encode_cursor(signer, following, query))

    return await context.reads.shared.read(("runs", query, token, limit), read_page)


async def list_agents(context: Context) -> AgentList:
    """List the agents that workers have published."""
    found = await context.reads.shared.read("agents", lambda: list_published(context.connection))
    return AgentList(agents=[AgentView.of(each) for each in found])


async def list_approvals(
    context: Context,
    caller: CallerOf,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Approvals:
    """List what waits for a person, across runs. Callers see their own runs; admins see all."""
    query = RunFilter(owner=owner_filter(caller)).query()
    signer = await context.connection.signing.get_signer()
    token = decode_cursor(signer, cursor, query)
    found, following = await context.reads.shared.read(
        ("approvals", query, token, limit),
        lambda: list_waiting(context.connection, query, token, limit),
    )
    waiting = [WaitingRun(run=row.id, agent=row.agent, pending=pending) for row, pending in found]
    return Approvals(waiting=waiting, next=encode_cursor(signer, following, query))


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
    """Read what a run did so far and what it does now."""
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
    run = await begin_run(context, caller, body, idempotency_key)
    response.headers["Location"] = location_of("runs", run)
    return Started(id=run)


async def begin_run(
    context: ApiContext, caller: Caller, body: StartRun, key: str | None = None
) -> str:
    """Start a run of a published agent for a caller; return its id. The same `key` again joins the
    run that it started."""
    connection = context.connection
    agent = await find_published(connection, body.agent)
    id = body.id
    if id is None and key:
        id = f"{body.agent}-{digest_key(caller, key)}"
    asked = read_question(body.prompt, body.template, body.variables, "prompt")
    request = Request(
        messages=as_messages(asked) if isinstance(asked, str) else (),
        prompt=None if isinstance(asked, str) else asked,
        id=id,
        model=body.model,
        budget=body.budget,
        labels=body.labels,
        owner=caller.user,
        by=caller.user,
    )
    run = await start_run(connection, agent, request, eager=False)
    context.counts.runs_started += 1
    return run


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
    events = [event async for event in reader.read_events(context.connection, run, wait=False)]
    if not attempts:
        return EventList(events=events)
    connection, logged = context.connection, None
    with suppress(StoreError):
        logged = await attempts_of(connection.database, run, connection.vault)
    return EventList(events=events, attempts=logged)


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
    await abort_run(context.connection, run, body.reason, undo=body.undo, by=caller.user)


async def hint(body: HintBody, run: VisibleRun, context: Context, caller: CallerOf) -> None:
    """Tell a run's model something; it reads it with its next call."""
    value = {"text": body.text, "interrupt": body.interrupt}
    await send_signal(context.connection, run, "hint", value, by=caller.user)


async def pause(
    run: VisibleRun, context: Context, caller: CallerOf, body: ReasonBody = NO_REASON
) -> None:
    """Hold a run before its next step."""
    await send_signal(context.connection, run, "pause", body.reason, by=caller.user)


async def resume(
    run: VisibleRun, context: Context, caller: CallerOf, body: ReasonBody = NO_REASON
) -> None:
    """Let a paused run continue."""
    await send_signal(context.connection, run, "resume", body.reason, by=caller.user)


async def decide(
    body: DecideBody,
    run: VisibleRun,
    context: Context,
    caller: CallerOf,
    idempotency_key: IdempotencyKey = None,
) -> Decision:
    """Decide what a run waits for."""
    key = digest_key(caller, idempotency_key) if idempotency_key else None
    return await decide_run(
        context.connection, run, body.item, body.said(), key=key, by=caller.user
    )


def digest_key(caller: Caller, key: str) -> str:
    """A key of one caller must not name what another one started."""
    return hashlib.sha256(f"{caller.user}\0{key}".encode()).hexdigest()[:KEY_CHARS]


ROUTES = (
    Route("GET", "/runs", list_runs, Role.VIEWER, answer=RunList),
    Route("POST", "/runs", start, Role.OPERATOR, 201),
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
