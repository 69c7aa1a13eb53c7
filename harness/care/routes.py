"""The routes of care."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.route import Route
from harness.api.slots import Slots
from harness.care.invariants import client
from harness.care.invariants.invariant import NAME
from harness.care.queries import answer_query
from harness.care.views import (
    CareStatus,
    InvariantBody,
    InvariantList,
    InvariantView,
    QueryAnswer,
    QueryBody,
    SubjectList,
)

SubjectName = Annotated[str | None, Query(pattern=NAME)]


class Queries(Slots):
    """Queries that are being answered: each may hold some megabytes."""

    what = "queries"
    most = 8
    most_each = 4


async def query(body: QueryBody, context: Context, caller: CallerOf) -> QueryAnswer:
    """Query metrics (PromQL) or logs (LogQL)."""
    with context.parts.find(Queries, Queries).take(caller):
        return await answer_query(context.connection, body)


async def read_status(context: Context) -> CareStatus:
    """Read the state of all subjects, and the invariants that do not hold."""
    return await client.read_status(context.connection)


async def list_subjects(context: Context) -> SubjectList:
    """List the services under care."""
    return SubjectList(subjects=await client.list_subjects(context.connection))


async def list_invariants(context: Context, subject: SubjectName = None) -> InvariantList:
    """List invariants with their states and newest values."""
    found = await client.list_invariants(context.connection, subject, samples=True)
    return InvariantList(invariants=found)


async def add_invariant(body: InvariantBody, context: Context, caller: CallerOf) -> InvariantView:
    """Add an invariant to a subject, or change one that a person added."""
    return await client.add_invariant(context.connection, body, caller.user)


async def remove_invariant(
    subject: PathText, invariant: PathText, context: Context
) -> InvariantView:
    """Remove an invariant that a person added."""
    return await client.remove_invariant(context.connection, subject, invariant)


ROUTES = (
    Route("GET", "/care", read_status, Role.VIEWER),
    Route("POST", "/care/query", query, Role.VIEWER),
    Route("GET", "/care/subjects", list_subjects, Role.VIEWER),
    Route("GET", "/care/invariants", list_invariants, Role.VIEWER),
    Route("POST", "/care/invariants", add_invariant, Role.OPERATOR),
    Route("DELETE", "/care/invariants/{subject}/{invariant}", remove_invariant, Role.OPERATOR),
)
