"""How files are sent: names, types and ranges."""

from __future__ import annotations

import pytest

from harness.api.download import disposition_of, read_range, safe_type


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
