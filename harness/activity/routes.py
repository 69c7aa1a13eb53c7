"""The route of the activity log."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import AwareDatetime, BeforeValidator

from harness.activity.client import ActivityFilter, read_activity
from harness.activity.csv_page import write_csv
from harness.activity.views import ActivityPage, Kind
from harness.api.caller import Role
from harness.api.context import CallerOf, Context
from harness.api.etags import answer_json
from harness.api.route import OtherAnswer, Route
from harness.api.slots import Slots
from harness.api.times import read_time

CSV = "text/csv"
MAX_NAME = 250


class ActivitySlots(Slots):
    """Reads of the log. Each looks at many runs."""

    what = "reads of the activity log"
    most = 8
    most_each = 2


async def list_activity(
    context: Context,
    caller: CallerOf,
    user: Annotated[
        str | None, Query(max_length=MAX_NAME, description="Only what this user did.")
    ] = None,
    kind: Kind | None = None,
    run: Annotated[str | None, Query(max_length=MAX_NAME)] = None,
    since: Annotated[AwareDatetime | None, BeforeValidator(read_time)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
    format: Literal["json", "csv"] = "json",
) -> Response:
    """Read who did what, newest first, from what histories, seals and the tables of users record.
    Callers see their own runs; admins see all, and users, tokens and deletions. As CSV, the header
    `X-Next-Cursor` has the cursor of the next page."""
    which = ActivityFilter(user=user, kind=kind, run=run, since=since)
    with context.parts.find(ActivitySlots, ActivitySlots).take(caller):
        page = await read_activity(context, caller, which, limit, cursor)
    if format == "json":
        return answer_json(page)
    headers = {"Content-Disposition": 'attachment; filename="activity.csv"'}
    if page.next is not None:
        headers["X-Next-Cursor"] = page.next
    return Response(write_csv(page.activity), media_type=CSV, headers=headers)


ROUTES = (
    Route(
        "GET",
        "/activity",
        list_activity,
        Role.VIEWER,
        answer=ActivityPage,
        also=(OtherAnswer(200, CSV),),
    ),
)
