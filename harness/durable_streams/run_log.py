"""The events of a run as a log: its durable events as JSON, closed when the run has ended."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from harness.api.context import ApiContext
from harness.contracts.errors import CursorUnknown
from harness.contracts.event import Cursor, DurableEvent, RunEnded
from harness.durable_streams.event_log import Batch, Entry
from harness.history import reader
from harness.history.cursors import is_of_run
from harness.history.position import Position

START = "0000000000"
"""The offset before the first event."""
FORM = re.compile(r"[0-9]{10}_([0-9a-f-]{36})_([0-9]{1,9})_([0-9]{1,9})")


class RunLog:
    """Reads the events of one run. An offset is the number of events up to it, so that offsets
    sort, and the cursor of the last one, which says exactly where a reader continues."""

    content_type = "application/json"

    def __init__(self, context: ApiContext, run: str) -> None:
        self._context = context
        self._run = run

    def join(self, entries: Sequence[bytes]) -> bytes:
        """A JSON array of events."""
        return b"[" + b",".join(entries) + b"]"

    async def read(self, after: str | None) -> Batch:
        """The events so far, after an offset."""
        position = Position(await self._parse(after))
        found, last, closed = list[Entry](), START, False
        number = 0
        async for event in reader.read_events(self._context.connection, self._run, wait=False):
            number += 1
            last, closed = make_offset(number, event), isinstance(event, RunEnded)
            if position.passes(event):
                found.append(Entry(event.wire(), last))
        return Batch(tuple(found), last, whole=True, closed=closed)

    async def follow(self, after: str) -> AsyncGenerator[Batch]:
        """The events after an offset, as they happen."""
        position, number = Position(await self._parse(after)), 0
        async with aclosing(self._context.feeds.follow_durable(self._run)) as events:
            async for event in events:
                number += 1
                offset, closed = make_offset(number, event), isinstance(event, RunEnded)
                if position.passes(event):
                    entry = Entry(event.wire(), offset)
                    yield Batch((entry,), offset, whole=True, closed=closed)
                elif closed:
                    yield Batch((), offset, whole=True, closed=True)

    async def _parse(self, offset: str | None) -> Cursor | None:
        if offset in (None, START):
            return None
        cursor = parse_offset(offset)
        if cursor is None:
            raise CursorUnknown(f"{offset[:100]!r} is not an offset.")
        if not await is_of_run(self._context.connection, self._run, cursor):
            raise CursorUnknown(f"The offset {offset!r} does not belong to run {self._run!r}.")
        return cursor


def make_offset(number: int, event: DurableEvent) -> str:
    """The offset after an event, the `number`-th of its run."""
    return f"{number:010d}_{str(event.cursor).replace('/', '_')}"


def parse_offset(text: str) -> Cursor | None:
    """The cursor of an offset; None if it is malformed."""
    match = FORM.fullmatch(text)
    if match is None:
        return None
    return Cursor(run_id=match[1], event_id=int(match[2]), place=int(match[3]))
