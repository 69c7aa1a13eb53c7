"""Follow a run over server-sent events: each event once, also while the daemon restarts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import NamedTuple

from harness.contracts.errors import DaemonAnswerInvalid, DaemonUnreachable, HarnessError
from harness.contracts.event import LIVE, Cursor, Event
from harness.remote.answers import parse_answer, problem_error
from harness.remote.connection import DaemonConnection
from harness.remote.open_text import OpenText
from harness.remote.reconnects import Reconnects

EVENT_BYTES = 32_000_000
"""Of one event; a model's reply may be long."""


class Frame(NamedTuple):
    """An event as it arrived; a heartbeat has neither kind nor data."""

    kind: str
    data: bytes


@dataclass
class _Place:
    """How far a reader has come."""

    reconnects: Reconnects
    cursor: str | None = None
    ended: bool = False


async def follow_run(connection: DaemonConnection, run: str) -> AsyncGenerator[Event]:
    """Yield the events of a run, with live text between them, until it ends. Resumes after the last
    event when the connection is lost.

    Raises:
        DaemonUnreachable: The daemon never answered, or was away for long.
        RunNotFound: No run has this id.
    """
    place, text = _Place(Reconnects()), OpenText()
    while True:
        try:
            async with aclosing(_read_stream(connection, run, place)) as events:
                async for event in events:
                    for new in text.take(event):
                        yield new
        except DaemonAnswerInvalid as error:
            raise await connection.add_version(error) from None
        except HarnessError as error:
            place.reconnects.check(error)
            connection.note_away(error)
        if place.ended:
            return
        await place.reconnects.wait()


async def _read_stream(
    connection: DaemonConnection, run: str, place: _Place
) -> AsyncGenerator[Event]:
    """Yield the events of one connection, from the reader's place on."""
    url = connection.url
    async with (
        connection.stream("runs", run, "events", after=place.cursor) as chunks,
        aclosing(read_frames(chunks, url)) as frames,
    ):
        async for frame in frames:
            place.reconnects.note_arrival()
            if frame.kind == "end":
                place.ended = True
                return
            if frame.kind:
                event = _parse_event(frame, url)
                if not isinstance(event, LIVE):
                    place.cursor = str(_cursor_of(event, url))
                yield event
    raise DaemonUnreachable(f"{url} closes its streams before they end.")


async def read_frames(chunks: AsyncIterator[bytes], url: str) -> AsyncGenerator[Frame]:
    """Split a stream into events, each of limited size."""
    rest, kind, data, size = bytearray(), "", list[bytes](), 0
    async for chunk in chunks:
        *lines, last = chunk.split(b"\n")
        for line in lines:
            rest += line
            whole = bytes(rest.removesuffix(b"\r"))
            rest.clear()
            if not whole:
                if data:
                    yield Frame(kind or "message", b"\n".join(data))
                kind, size = "", 0
                data = []
            elif whole.startswith(b":"):
                yield Frame("", b"")
            elif whole.startswith(b"event:"):
                kind = whole[6:].strip().decode("utf-8", "replace")[:100]
            elif whole.startswith(b"data:"):
                data.append(whole[5:].removeprefix(b" "))
                size += len(whole)
            if size > EVENT_BYTES:
                break
        rest += last
        if size + len(rest) > EVENT_BYTES:
            raise DaemonAnswerInvalid(f"{url} sends an event of more than {EVENT_BYTES:,} bytes.")


def _parse_event(frame: Frame, url: str) -> Event:
    if frame.kind == "error":
        raise problem_error(frame.data, url)
    return parse_answer(frame.data, Event, url)


def _cursor_of(event: Event, url: str) -> Cursor:
    if event.cursor is None:
        raise DaemonAnswerInvalid(f"{url} sends an event without a cursor: {event.type}.")
    return event.cursor
