"""Follows a conversation: the events of one run after another, also of those that come later."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType

from harness.contracts.errors import RunNotFound
from harness.contracts.event import Cursor, Event
from harness.conversations.contracts import Card, session_workflow, turn_run
from harness.conversations.turns import read_turn_spec, run_exists
from harness.engine.connection import Connection
from harness.history import live
from harness.history.cursors import is_of_run, parse_cursor
from harness.history.follow import Feeds

MOST_TURNS = 1_000_000


@dataclass(frozen=True)
class Place:
    """Where a reader of a conversation is: in which run, and after which of its events."""

    number: int
    cursor: Cursor | None = None

    def __str__(self) -> str:
        return f"{self.number}/{self.cursor}"


async def parse_place(connection: Connection, card: Card, text: str) -> Place | None:
    """The place that a text names; None if it is malformed or not of this conversation."""
    number, _, cursor = text.partition("/")
    found = parse_cursor(cursor)
    if not number.isdecimal() or len(number) > 7 or found is None:
        return None
    try:
        known = await is_of_run(connection, turn_run(card.id, int(number)), found)
    except RunNotFound:
        return None
    return Place(int(number), found) if known else None


async def follow_conversation(
    connection: Connection, feeds: Feeds, card: Card, after: Place
) -> AsyncGenerator[tuple[int, list[Event]]]:
    """Yield the events after a place, those together that are ready, with the number of their run;
    then wait for the next run, without end."""
    place = after
    while place.number <= MOST_TURNS:
        if await wait_for_turn(connection, card, place.number):
            run = turn_run(card.id, place.number)
            async with aclosing(feeds.follow_ready(run, place.cursor)) as groups:
                async for group in groups:
                    yield place.number, group
        place = Place(place.number + 1)


async def wait_for_turn(connection: Connection, card: Card, number: int) -> bool:
    """Wait until the run with this number has started. False: it is not the conversation's, since
    whoever reaches Temporal can start a run with any id."""
    while True:
        if await read_turn_spec(connection, card, number) is not None:
            return True
        if await run_exists(connection, turn_run(card.id, number)):
            return False
        await _wait_for_start(connection, card, number)


async def _wait_for_start(connection: Connection, card: Card, number: int) -> None:
    """Wait until the session has started the run, or its history begins anew. One long poll, which
    Temporal answers."""
    workflow, run = session_workflow(card.id), turn_run(card.id, number)
    client = connection.temporal
    execution = await live.newest_execution(client, workflow)
    async for entry in live.read_raw_entries(client, workflow, execution, wait=True):
        if entry.event_type != EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED:
            continue
        started = entry.child_workflow_execution_started_event_attributes
        if started.workflow_execution.workflow_id == run:
            return
