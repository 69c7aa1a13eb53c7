"""Answers the protocol's reads of a log: what there is, a wait for more, a stream."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from harness.api.attended import finish_while_connected
from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.event_stream import BareStream
from harness.api.stream_event import StreamEvent
from harness.contracts.errors import InvalidRequest
from harness.durable_streams.event_log import Batch, EventLog, cut_batch

BEGINNING = "-1"
NOW = "now"
LONG_POLL = "long-poll"
SSE = "sse"
EPOCH = 1_728_432_000
"""The protocol's: 9 October 2024."""
INTERVAL_S = 20
MAX_JITTER_S = 3_600
CURSOR = re.compile(r"[0-9]{1,15}")
LINE_END = re.compile(rb"\r\n|\n|\r")


class Reader(NamedTuple):
    """Who reads a log."""

    context: ApiContext
    caller: Caller
    request: Request


class Asked(NamedTuple):
    """What a reader asks for."""

    offset: str | None
    live: str | None
    cursor: str | None


class _Written(StreamEvent):
    """Events that are written already: a batch and its offset are sent as one, so that no reader
    has only half of them."""

    def as_sse(self) -> bytes:
        """The events in the format of server-sent events."""
        return self.data


def read_query(request: Request) -> Asked:
    """Read the parameters of a request.

    Raises:
        InvalidRequest: One is repeated, empty or unknown, or the offset is missing.
    """
    query = request.query_params
    for name in ("offset", "live", "cursor"):
        if len(query.getlist(name)) > 1:
            raise InvalidRequest(f"{name} is given more than once.")
    asked = Asked(query.get("offset"), query.get("live"), query.get("cursor"))
    if asked.offset == "":
        raise InvalidRequest("offset is empty.", fix="Leave it out to read from the beginning.")
    if asked.live not in (None, LONG_POLL, SSE):
        raise InvalidRequest(
            f"live is {(asked.live or '')[:40]!r}.", fix=f"Use {LONG_POLL} or {SSE}."
        )
    if asked.live and asked.offset is None:
        raise InvalidRequest("A live read needs an offset.", fix=f"{BEGINNING} is the beginning.")
    return asked


async def describe_log(log: EventLog) -> Response:
    """The answer to HEAD: where the log ends, and whether it is closed."""
    batch = await log.read(None)
    headers = {"Stream-Next-Offset": batch.next, "Content-Type": log.content_type}
    if batch.closed:
        headers["Stream-Closed"] = "true"
    return Response(headers=headers | {"Cache-Control": "no-store"})


async def read_log(reader: Reader, log: EventLog) -> Response:
    """The answer to GET."""
    asked = read_query(reader.request)
    begin = None if asked.offset in (None, BEGINNING) else asked.offset
    batch = await log.read(None if begin == NOW else begin)
    if begin == NOW:
        batch = batch._replace(entries=())
    if asked.live == SSE:
        stream = BareStream(reader.context, reader.caller, _stream_log(log, batch, asked.cursor))
        stream.headers["Content-Type"] = "text/event-stream"
        stream.headers["Cache-Control"] = "no-cache, no-store"
        return stream
    if asked.live == LONG_POLL and not batch.entries and not batch.closed:
        batch = await _wait_for_more(reader, log, batch)
    batch = cut_batch(batch)
    headers = _make_headers(batch)
    if asked.live:
        headers["Stream-Cursor"] = make_cursor(asked.cursor)
        if not batch.entries:
            return Response(status_code=204, headers=headers)
    headers["Content-Type"] = log.content_type
    if begin != NOW:
        mark = "closed" if batch.closed else "open"
        headers["ETag"] = tag = f'"{asked.offset or BEGINNING}:{batch.next}:{mark}"'
        if reader.request.headers.get("if-none-match") == tag and not asked.live:
            return Response(status_code=304, headers=headers)
    return Response(log.join([each.data for each in batch.entries]), headers=headers)


def make_cursor(given: str | None) -> str:
    """The number of the current interval; more than the reader's, so that caches make progress."""
    now = int((time.time() - EPOCH) // INTERVAL_S)
    if given is None or not CURSOR.fullmatch(given) or int(given) < now:
        return str(now)
    return str(int(given) + 1 + secrets.randbelow(MAX_JITTER_S // INTERVAL_S))


def _make_headers(batch: Batch) -> dict[str, str]:
    # Content of one user: no shared cache may keep it. A reader that keeps it sends the tag.
    headers = {"Stream-Next-Offset": batch.next, "Cache-Control": "no-store"}
    if batch.whole:
        headers["Stream-Up-To-Date"] = "true"
    if batch.closed:
        headers["Stream-Closed"] = "true"
    return headers


async def _wait_for_more(reader: Reader, log: EventLog, batch: Batch) -> Batch:
    """Wait until the log has more, its reader leaves, or a heartbeat would be due.

    Raises:
        NotSignedIn: The reader's token was revoked meanwhile.
    """
    more = await finish_while_connected(
        _read_more(log, batch),
        reader.context,
        reader.caller,
        reader.request.receive,
        seconds=reader.context.settings.heartbeat_seconds,
    )
    return batch if more is None else more


async def _read_more(log: EventLog, batch: Batch) -> Batch:
    async with aclosing(log.follow(batch.next)) as batches:
        async for _ in batches:
            break
    return await log.read(batch.next)


async def _stream_log(
    log: EventLog, batch: Batch, cursor: str | None
) -> AsyncGenerator[StreamEvent]:
    """What there is in chunks, then what comes, each with its control event."""
    rest = batch
    while True:
        chunk = cut_batch(rest)
        yield _write_batch(log, chunk, cursor)
        if chunk.whole:
            break
        rest = rest._replace(entries=rest.entries[len(chunk.entries) :])
    if batch.closed:
        return
    async with aclosing(log.follow(batch.next)) as batches:
        async for more in batches:
            yield _write_batch(log, more, cursor)
            if more.closed:
                return


def _write_batch(log: EventLog, batch: Batch, cursor: str | None) -> StreamEvent:
    control: dict[str, str | bool] = {"streamNextOffset": batch.next}
    if batch.closed:
        control["streamClosed"] = True
    else:
        control["streamCursor"] = make_cursor(cursor)
    if batch.whole:
        control["upToDate"] = True
    written = _write_event("control", json.dumps(control).encode())
    if batch.entries:
        written = _write_event("data", log.join([each.data for each in batch.entries])) + written
    return _Written("batch", written)


def _write_event(kind: str, data: bytes) -> bytes:
    lines = b"".join(b"data:" + line + b"\n" for line in LINE_END.split(data))
    return f"event: {kind}\n".encode() + lines + b"\n"
