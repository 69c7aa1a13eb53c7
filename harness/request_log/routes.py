"""The routes of the request log."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.route import Route
from harness.api.slots import Slots
from harness.api.times import read_time
from harness.request_log import client
from harness.request_log.rows import RequestFilter
from harness.request_log.views import RequestDetail, RequestPage

MAX_NAME = 250
STATUS = (
    "`ok`, `cancelled`, the category of an error, such as `rate_limit` or `429`, or `error` for "
    "all errors."
)
SEARCH = "Only requests that contain this text, or whose answer does, whatever its case."


class RequestReads(Slots):
    """Reads of content: each decrypts a lot."""

    what = "reads of the request log"
    most = 8
    most_each = 2


async def list_requests(
    context: Context,
    caller: CallerOf,
    run: Annotated[str | None, Query(max_length=MAX_NAME)] = None,
    turn: Annotated[
        int | None, Query(ge=0, le=2**31 - 1, description="Only requests of this turn.")
    ] = None,
    model: Annotated[
        str | None,
        Query(max_length=MAX_NAME, description="Only requests to this provider/model."),
    ] = None,
    status: Annotated[str | None, Query(max_length=100, description=STATUS)] = None,
    since: Annotated[AwareDatetime | None, BeforeValidator(read_time)] = None,
    search: Annotated[str | None, Query(min_length=1, max_length=500, description=SEARCH)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> RequestPage:
    """List recorded requests to model providers, the newest first. Callers see those of their own
    runs; admins see all."""
    which = RequestFilter(
        run=run, turn=turn, model=model, status=status, since=since, search=search
    )
    if search is None:
        return await client.list_requests(
            context.connection, which, limit=limit, cursor=cursor, by=caller
        )
    with context.parts.find(RequestReads, RequestReads).take(caller):
        return await client.list_requests(
            context.connection, which, limit=limit, cursor=cursor, by=caller
        )


async def show_request(request: PathText, context: Context, caller: CallerOf) -> RequestDetail:
    """Read a recorded request, the answer, and what it adds to the run's previous request."""
    with context.parts.find(RequestReads, RequestReads).take(caller):
        return await client.show_request(context.connection, request, by=caller)


ROUTES = (
    Route("GET", "/requests", list_requests, Role.VIEWER),
    Route("GET", "/requests/{request}", show_request, Role.VIEWER),
)
