"""The answer to a request for a file: its bytes, which no browser may execute.

The content came from a user, a model or a tool. It is named as an attachment, its type is one of a
few that run nothing, and a page opened from it could load nothing and has no origin.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from harness.contracts.clean_text import clean_line

SAFE_TYPES = frozenset({
    "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "application/json",
    "application/pdf",
})  # fmt: skip
"""Others are sent as bytes: HTML and SVG run scripts."""
BYTES = "application/octet-stream"
CHUNK = 1_000_000
NAME_CHARS = 150
RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")

Read = Callable[[int, int], Awaitable[bytes]]
"""Reads so many bytes from an offset on."""


class Download(Response):
    """Sends a file, or a range of it, to a reader who accepts each part in time."""

    def __init__(
        self,
        read: Read,
        size: int,
        *,
        name: str,
        media_type: str | None,
        tag: str,
        wanted: str | None,
        slow_s: float,
    ) -> None:
        super().__init__()
        place = read_range(wanted, size)
        self._read, self._slow_s = read, slow_s
        self._start, self._end = place or (0, size)
        self.status_code = 200 if place is None else 206
        if place is not None and self._start >= self._end:
            self._start = self._end = 0
            self.status_code = 416
            self.headers["Content-Range"] = f"bytes */{size}"
        elif place is not None:
            self.headers["Content-Range"] = f"bytes {self._start}-{self._end - 1}/{size}"
        self.headers.update({
            "Content-Type": safe_type(media_type),
            "Content-Length": str(self._end - self._start),
            "Content-Disposition": disposition_of(name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-store",
            "ETag": tag,
        })  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        # Read before the answer starts: what cannot be read is a problem document.
        at, part = self._start, await self._read_part(self._start)
        await send({
            "type": "http.response.start", "status": self.status_code, "headers": self.raw_headers,
        })  # fmt: skip
        while True:
            at += len(part)
            more = bool(part) and at < self._end
            async with asyncio.timeout(self._slow_s):
                await send({"type": "http.response.body", "body": part, "more_body": more})
            if not more:
                return
            part = await self._read_part(at)

    async def _read_part(self, at: int) -> bytes:
        return await self._read(at, min(CHUNK, self._end - at)) if at < self._end else b""


def safe_type(media_type: str | None) -> str:
    """The type to send content as."""
    plain = (media_type or "").partition(";")[0].strip().lower()
    if plain not in SAFE_TYPES:
        return BYTES
    return f"{plain}; charset=utf-8" if plain.startswith("text/") else plain


def disposition_of(name: str) -> str:
    """The header that makes a browser save the content under a name without a folder."""
    last = clean_line(name).replace("\\", "/").rpartition("/")[2].strip(" .")[:NAME_CHARS]
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", last) or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(last or 'file', safe='')}"


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The start and the end of the one range that a header asks for; None for the whole. The start
    is not before the end if nothing is there. Several ranges are answered with the whole."""
    match = RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:  # the last bytes
        return max(0, size - int(match[2])), size
    start, end = int(match[1]), int(match[2]) + 1 if match[2] else size
    return None if match[2] and end <= start else (start, min(end, size))
