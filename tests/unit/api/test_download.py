"""How files are sent: names, types and ranges."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from harness.api.download import CHUNK, Download, disposition_of, read_range, safe_type


@pytest.mark.parametrize(
    ("header", "place"),
    [
        (None, None), ("", None), ("bytes=-", None), ("items=0-1", None), ("bytes=0-1,3-4", None),
        ("bytes=5-2", None), ("bytes=0-0", (0, 1)), ("bytes=2-", (2, 10)), ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)), ("bytes=8-99", (8, 10)), ("bytes=10-", (10, 10)),
        ("bytes=12-20", (12, 10)), ("bytes=-0", (10, 10)), (f"bytes=0-{'9' * 30}", None),
    ],
)  # fmt: skip
def test_a_range(header: str | None, place: tuple[int, int] | None) -> None:
    assert read_range(header, 10) == place


@pytest.mark.parametrize(
    ("media_type", "sent"),
    [
        ("image/png", "image/png"), ("TEXT/Plain; charset=utf-7", "text/plain; charset=utf-8"),
        ("text/html", "application/octet-stream"), ("image/svg+xml", "application/octet-stream"),
        ("text/plain\r\nX: y", "application/octet-stream"), (None, "application/octet-stream"),
    ],
)  # fmt: skip
def test_a_type(media_type: str | None, sent: str) -> None:
    assert safe_type(media_type) == sent


@pytest.mark.parametrize(
    "name", ["../../x", "a\\b\\x", 'x"; filename=y', "x\r\nA: b", "é", "..", "", "x" * 999]
)
def test_a_name(name: str) -> None:
    header = disposition_of(name)
    assert header.startswith('attachment; filename="') and header.isascii() and header.isprintable()
    assert header.count('"') == 2 and "/" not in header and len(header) < 1000


FILE = bytes(range(256)) * 12_000
"""More than three chunks, no two of which are the same."""


def make_download(wanted: str | None, slow_s: float = 5.0) -> Download:
    async def read(offset: int, limit: int) -> bytes:
        return FILE[offset : offset + limit]

    return Download(
        read, len(FILE), name="x", media_type=None, tag='"t"', wanted=wanted, slow_s=slow_s
    )


async def receive() -> Message:
    raise AssertionError("a download reads nothing")


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        (None, 0, len(FILE)), ("bytes=999990-1000009", 999_990, 1_000_010),
        ("bytes=500000-2500006", 500_000, 2_500_007), ("bytes=1000000-", 1_000_000, len(FILE)),
        ("bytes=-1000001", len(FILE) - 1_000_001, len(FILE)), ("bytes=0-999999", 0, 1_000_000),
    ],
)  # fmt: skip
async def test_chunks_join_to_what_was_wanted(wanted: str | None, start: int, end: int) -> None:
    parts = list[bytes]()
    more = True

    async def send(message: Message) -> None:
        nonlocal more
        assert more
        if message["type"] == "http.response.body":
            parts.append(message["body"])
            more = message["more_body"]

    download = make_download(wanted)
    await download({"type": "http"}, receive, send)
    assert not more
    assert b"".join(parts) == FILE[start:end]
    assert max(len(each) for each in parts) <= CHUNK
    assert download.headers["content-length"] == str(end - start)


async def test_a_reader_that_accepts_nothing_is_given_up() -> None:
    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    download = make_download(None, slow_s=0.01)
    sending = asyncio.create_task(download({"type": "http"}, receive, send))
    await asyncio.wait({sending}, timeout=30)
    assert sending.done() and isinstance(sending.exception(), TimeoutError)
