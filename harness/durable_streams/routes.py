"""The routes of the protocol: a run's events as a stream to read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, VisibleRun
from harness.api.route import EVENTS, NOTHING, Route
from harness.durable_streams.reading import LONG_POLL, SSE, Reader, describe_log, read_log
from harness.durable_streams.run_log import RunLog

MOST_CHARS = 300
Offset = Annotated[
    str | None,
    Query(
        max_length=MOST_CHARS,
        description="Where to continue: `Stream-Next-Offset` of the previous response; `-1` is "
        "the start.",
    ),
]
Live = Annotated[
    str | None,
    Query(
        max_length=MOST_CHARS,
        json_schema_extra={"enum": [LONG_POLL, SSE]},
        description="`long-poll` waits for more, `sse` follows; else the answer comes at once.",
    ),
]
Cursor = Annotated[
    str | None,
    Query(max_length=MOST_CHARS, description="`Stream-Cursor` of the previous response, if any."),
]


async def read_run_stream(
    run: VisibleRun,
    context: Context,
    caller: CallerOf,
    request: Request,
    offset: Offset = None,
    live: Live = None,
    cursor: Cursor = None,
) -> Response:
    """Read a run's events as a durable stream, after an offset. `live` waits for more (`long-poll`)
    or follows them (`sse`)."""
    del offset, live, cursor  # read_log reads them, with its own errors
    return await read_log(Reader(context, caller, request), RunLog(context, run))


async def describe_run_stream(run: VisibleRun, context: Context) -> Response:
    """Where the durable stream of a run's events ends, and whether it is closed."""
    return await describe_log(RunLog(context, run))


ROUTES = (
    Route(
        "GET",
        "/streams/runs/{run}",
        read_run_stream,
        Role.VIEWER,
        answer=list[Any],
        also=(EVENTS, NOTHING),
    ),
    Route("HEAD", "/streams/runs/{run}", describe_run_stream, Role.VIEWER),
)
