"""Events come out whole, however the bytes were cut."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.providers.sse import Splitter

EVENTS = [
    (b"a", b'{"x": "\xc3\xa9"}'),
    (b"", b"[DONE]"),
    (b"b", b"two\nlines"),
]
LIMIT = 8_000_000
STREAM = (
    b': comment\n\nevent: a\ndata: {"x": "\xc3\xa9"}\n\ndata: [DONE]\n\n'
    b"id: 7\nevent: b\ndata: two\ndata: lines\nretry: 1\n\nevent: nothing\n\n"
)


def _all(stream: bytes, cuts: list[int]) -> list[tuple[bytes, bytes]]:
    splitter = Splitter(LIMIT)
    places = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
    found: list[tuple[bytes, bytes]] = []
    for start, end in pairwise(places):
        found += splitter.feed(stream[start:end])
    return found


@given(st.lists(st.integers(0, 10_000), max_size=30))
def test_any_cut(cuts: list[int]) -> None:
    assert _all(STREAM, cuts) == EVENTS
    assert _all(STREAM.replace(b"\n", b"\r\n"), cuts) == EVENTS


def test_the_last_event_may_lack_its_blank_line() -> None:
    splitter = Splitter(LIMIT)
    assert list(splitter.feed(b"data: 1\n\ndata: 2\n")) == [(b"", b"1")]
    assert splitter.rest() == (b"", b"2")
    assert Splitter(LIMIT).rest() is None


def test_no_space_after_the_colon() -> None:
    assert list(Splitter(LIMIT).feed(b"event:x\ndata:1\n\n")) == [(b"x", b"1")]


def test_a_large_event_costs_its_length() -> None:
    """Not its length squared: 4 MB in small chunks within the budget of a unit test."""
    splitter, chunk = Splitter(LIMIT), b"x" * 4096
    start = time.process_time()
    list(splitter.feed(b"data: "))
    for _ in range(1000):
        list(splitter.feed(chunk))
    ((_, data),) = splitter.feed(b"\n\n")
    assert len(data) == 4_096_000
    assert time.process_time() - start < 1
