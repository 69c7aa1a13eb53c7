"""Offsets, pieces and cursors of durable streams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contracts.event import Cursor, StateChanged
from harness.contracts.run import RunState
from harness.durable_streams.event_log import MAX_CHUNK_BYTES, Batch, Entry, cut_batch
from harness.durable_streams.reading import make_cursor
from harness.durable_streams.run_log import make_offset, parse_offset

RUN_ID = "01a2277f-5c1f-77b9-a7f9-2d2cb1f2c2a3"


@given(st.integers(1, 10**9), st.integers(1, 10**8), st.integers(0, 99))
def test_offsets(number: int, event_id: int, place: int) -> None:
    cursor = Cursor(run_id=RUN_ID, event_id=event_id, place=place)
    event = StateChanged(run="r", at=0, trace="t", state=RunState.RUNNING, cursor=cursor)
    offset = make_offset(number, event)
    assert parse_offset(offset) == cursor
    assert make_offset(number + 1, event) > offset


@pytest.mark.parametrize("text", ["", "1", "now", "-1", f"{RUN_ID}/1/0", "0" * 10 + "_x_1_0"])
def test_what_is_no_offset(text: str) -> None:
    assert parse_offset(text) is None


def test_a_large_batch_is_cut() -> None:
    entries = tuple(Entry(b"x" * (MAX_CHUNK_BYTES // 2), str(place)) for place in range(3))
    cut = cut_batch(Batch(entries, "2", whole=True, closed=True))
    assert (cut.entries, cut.next, cut.whole, cut.closed) == (entries[:2], "1", False, False)
    huge = Batch((Entry(b"x" * (MAX_CHUNK_BYTES + 1), "0"),), "0", whole=True, closed=True)
    assert cut_batch(huge) == huge


def test_a_cursor_is_always_more_than_the_readers() -> None:
    now = int(make_cursor(None))
    for given_cursor in (str(now), str(now + 5_000), "9" * 15):
        assert int(make_cursor(given_cursor)) > int(given_cursor)
    for odd in ("", "x", "-1", "9" * 40, "\u0663"):
        assert abs(int(make_cursor(odd)) - now) <= 1
