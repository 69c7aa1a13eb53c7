"""Logs that anyone may write, read by the daemon's own code: the suite of the protocol writes what
it reads, and runs cannot be written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from harness.api.caller import LOCAL
from harness.api.context import ApiContext
from harness.contracts.errors import CursorUnknown, HarnessError
from harness.durable_streams.event_log import Batch, Entry
from harness.durable_streams.reading import Reader, describe_log, read_log

SECURITY = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
"""What the daemon's gate adds to every answer."""


class MemoryLog:
    """A log of entries of any type."""

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type
        self.entries: list[Entry] = []
        self.closed = False
        self.created = False
        self._grown = asyncio.Condition()

    @property
    def is_json(self) -> bool:
        return self.content_type.split(";")[0].strip().lower() == "application/json"

    @property
    def tail(self) -> str:
        return f"{len(self.entries):016d}"

    def join(self, entries: Sequence[bytes]) -> bytes:
        return b"[" + b",".join(entries) + b"]" if self.is_json else b"".join(entries)

    async def append(self, data: bytes, *, close: bool) -> None:
        async with self._grown:
            for each in self._split(data):
                self.entries.append(Entry(each, f"{len(self.entries) + 1:016d}"))
            self.closed = self.closed or close
            self._grown.notify_all()

    async def read(self, after: str | None) -> Batch:
        number = 0 if after is None else _parse(after)
        return Batch(tuple(self.entries[number:]), self.tail, whole=True, closed=self.closed)

    async def follow(self, after: str) -> AsyncGenerator[Batch]:
        number = _parse(after)
        while True:
            async with self._grown:
                await self._grown.wait_for(partial(self._has_more, number))
            batch = await self.read(f"{number:016d}")
            yield batch
            if batch.closed:
                return
            number = len(self.entries)

    def _has_more(self, number: int) -> bool:
        return self.closed or len(self.entries) > number

    def _split(self, data: bytes) -> list[bytes]:
        if not self.is_json or not data:
            return [data] if data else []
        value: Any = json.loads(data)
        found: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
        if not found and self.created:
            raise ValueError("an empty array appends nothing")
        return [json.dumps(each, separators=(",", ":")).encode() for each in found]


def _parse(offset: str) -> int:
    if not (len(offset) == 16 and offset.isdecimal()):
        raise CursorUnknown(f"{offset[:100]!r} is not an offset.")
    return int(offset)


def make_memory_app(context: ApiContext) -> Starlette:
    """An app with the protocol's reads, and as much of its writes as the suite's reads need."""
    logs: dict[str, MemoryLog] = {}

    async def handle(request: Request) -> Response:
        path = request.url.path
        log = logs.get(path)
        if request.method == "PUT":
            response = await _create(request, logs)
        elif log is None:
            response = Response(status_code=404)
        elif request.method == "HEAD":
            response = await describe_log(log)
        elif request.method == "GET":
            try:
                response = await read_log(Reader(context, LOCAL, request), log)
            except HarnessError as error:
                response = Response(error.message, status_code=error.http_status)
        elif request.method == "POST":
            response = await _append(request, log)
        else:
            del logs[path]
            response = Response(status_code=204)
        response.headers.update(SECURITY)
        return response

    methods = ["GET", "HEAD", "PUT", "POST", "DELETE"]
    return Starlette(routes=[Route("/v1/stream/{path:path}", handle, methods=methods)])


async def _create(request: Request, logs: dict[str, MemoryLog]) -> Response:
    given = request.headers.get("content-type", "application/octet-stream")
    known = logs.get(request.url.path)
    if known is not None:
        same = known.content_type.lower() == given.lower()
        return _written(known, 200) if same else Response(status_code=409)
    log = logs[request.url.path] = MemoryLog(given)
    response = await _append(request, log, status=201)
    log.created = True
    return response


async def _append(request: Request, log: MemoryLog, status: int = 204) -> Response:
    data, close = await request.body(), request.headers.get("stream-closed") == "true"
    given = request.headers.get("content-type", log.content_type)
    if log.closed:
        return _written(log, 204 if close and not data else 409)
    if given.split(";")[0].lower() != log.content_type.split(";")[0].lower():
        return Response(status_code=409)
    if status == 204 and not data and not close:
        return Response(status_code=400)
    try:
        await log.append(data, close=close)
    except ValueError:
        return Response(status_code=400)
    return _written(log, status)


def _written(log: MemoryLog, status: int) -> Response:
    headers = {"Stream-Next-Offset": log.tail, "Content-Type": log.content_type}
    if log.closed:
        headers["Stream-Closed"] = "true"
    return Response(status_code=status, headers=headers)
