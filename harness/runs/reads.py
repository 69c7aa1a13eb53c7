"""Reads runs for a caller: the HTTP routes and the tools of MCP both call this."""

from __future__ import annotations

from contextlib import suppress

from harness.api.caller import Caller
from harness.api.context import ApiContext, owner_filter
from harness.api.paging import decode_cursor, encode_cursor
from harness.contracts.errors import StoreError
from harness.history import reader
from harness.runs.filter import RunFilter
from harness.runs.listing import list_waiting
from harness.runs.published import list_published
from harness.runs.views import (
    AgentList,
    AgentView,
    Approvals,
    AttemptList,
    EventList,
    WaitingRun,
)
from harness.store.attempts import attempts_of


async def read_agents(context: ApiContext) -> AgentList:
    """The agents that workers have published."""
    found = await context.reads.shared.read("agents", lambda: list_published(context.connection))
    return AgentList(agents=[AgentView.of(each) for each in found])


async def read_approvals(
    context: ApiContext, caller: Caller, limit: int, cursor: str | None
) -> Approvals:
    """A page of what waits for a person, across the runs that the caller sees."""
    query = RunFilter(owner=owner_filter(caller)).query()
    signer = await context.connection.signing.get_signer()
    token = decode_cursor(signer, cursor, query)
    found, following = await context.reads.shared.read(
        ("approvals", query, token, limit),
        lambda: list_waiting(context.connection, query, token, limit),
    )
    waiting = [WaitingRun(run=row.id, agent=row.agent, pending=pending) for row, pending in found]
    return Approvals(waiting=waiting, next=encode_cursor(signer, following, query))


async def read_attempts(context: ApiContext, run: str) -> AttemptList:
    """The failed attempts of a run: from their log, or of a sealed run from its seal."""
    connection = context.connection
    logged = await attempts_of(connection.database, run, connection.vault)
    if not logged and await reader.is_sealed(connection, run):
        logged = list((await reader.read_run(connection, run)).attempts)
    return AttemptList(attempts=logged)


async def read_trace(context: ApiContext, run: str, *, attempts: bool = False) -> EventList:
    """What has happened in a run so far; with `attempts`, also the log of failed attempts."""
    events = [event async for event in reader.read_events(context.connection, run, wait=False)]
    if not attempts:
        return EventList(events=events)
    connection, logged = context.connection, None
    with suppress(StoreError):
        logged = await attempts_of(connection.database, run, connection.vault)
    return EventList(events=events, attempts=logged)
