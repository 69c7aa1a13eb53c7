"""The routes of care."""

from __future__ import annotations

from harness.api.caller import Role
from harness.api.context import CallerOf, Context
from harness.api.route import Route
from harness.api.slots import Slots
from harness.care.queries import answer_query
from harness.care.views import QueryAnswer, QueryBody


class Queries(Slots):
    """Queries that are being answered: each may hold some megabytes."""

    what = "queries"
    most = 8
    most_each = 4


async def query(body: QueryBody, context: Context, caller: CallerOf) -> QueryAnswer:
    """Query metrics (PromQL) or logs (LogQL)."""
    with context.parts.find(Queries, Queries).take(caller):
        return await answer_query(context.connection, body)


ROUTES = (Route("POST", "/care/query", query, Role.VIEWER),)
